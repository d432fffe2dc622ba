import { expect, test } from "vitest";
import { driftCommand } from "../../bin/commands/drift.ts";
import { watchDrift } from "../../lib/flows/watch-drift.ts";
import { acme } from "../flows/support/acme.ts";
import { openCli } from "./support/api-server.ts";

test("drift tells what changed in a partner's shapes and since when, and of what nothing is known", async () => {
  const world = await openCli();
  const { ports } = world.api;
  const empty = await world.run(driftCommand, "acme");
  expect(empty.out).toContain("Nothing is known yet of: orders");

  const see = async (order: unknown): Promise<void> => {
    const watch = watchDrift(ports, acme, { resource: "orders", connectionId: "acme_1" });
    watch.look("orders", [order], []);
    await watch.keep();
  };
  await see({ id: "1", amount: 5 });
  ports.clock.advance(3_600_000);
  await see({ id: "1", amount: "5", guest: { name: "Ada" } });

  expect(await world.json(driftCommand, "acme")).toMatchObject({
    partner: "acme",
    resources: [
      {
        resource: "orders",
        paths: 5,
        changes: [
          { kind: "retyped", severity: "breaking", path: "amount", before: ["number"], after: ["string"] },
          { kind: "added", severity: "harmless", path: "guest", before: [], after: ["object"] },
        ],
      },
    ],
  });
  const told = await world.run(driftCommand, "acme");
  expect(told.out).toMatch(/breaking\s+retyped\s+orders: amount\s+number → string/);
  expect(told.out).not.toContain("Ada");
  await expect(world.run(driftCommand, "nobody")).rejects.toThrow(/There is no such partner/);
});
