import { expect, test } from "vitest";
import { rebuildCommand } from "../../bin/commands/rebuild.ts";
import { streamLagMsMax } from "../../lib/engine/rebuild.ts";
import { putRecord } from "../flows/api/support/seed.ts";
import { openCli } from "./support/api-server.ts";

test("rebuild counts what history gives back, names what it does not, and repairs when asked", async () => {
  const world = await openCli();
  const id = await world.api.connect();
  for (let index = 0; index < 120; index++) await putRecord(world.api.ports, id, `order-${index}`);
  world.api.ports.clock.advance(streamLagMsMax + 1);

  const lost = await world.run(rebuildCommand, "acme");
  expect(lost.code).toBe(1);
  expect(lost.out).toContain("gap  orders/order-0");
  expect(world.requests.filter((request) => request.startsWith("POST"))).toHaveLength(2);

  expect(await world.json(rebuildCommand, "acme", "--resource", "orders", "--repair")).toMatchObject({
    resources: [{ resource: "orders", checked: 120, gaps: 120, repaired: 120 }],
  });
  const proved = await world.run(rebuildCommand, "acme");
  expect(proved.code).toBe(0);
  expect(proved.out).toMatch(/orders\s+120\s+120/);
});
