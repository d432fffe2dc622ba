import { expect, test } from "vitest";
import { compareCommand } from "../../bin/commands/compare.ts";
import { comparisonName } from "../../lib/engine/comparison.ts";
import { openCli } from "./support/api-server.ts";

test("compare asks, waits for the end and tells of what is not the same", async () => {
  const world = await openCli();
  const { ports } = world.api;
  const id = await world.api.connect();
  const { send } = ports.lanes;
  // The worker, at once.
  ports.lanes.send = async (job, delayMs) => {
    await send.call(ports.lanes, job, delayMs);
    const note = await ports.connections.readNote("acme", id, comparisonName("orders"));
    if (note === null || job.work.kind !== "compare") throw new Error("a comparison was asked for");
    const things = [
      { externalId: "order-1", outcome: "same" },
      { externalId: "order-2", outcome: world.requests.length > 4 ? "same" : "different" },
    ];
    const body = { id: job.work.comparisonId, askedAtMs: 0, updatedAtMs: 0, sample: 2, things };
    await ports.connections.writeNote({ ...note, revision: note.revision + 1, body });
  };
  const told = await world.run(compareCommand, "acme", "--resource", "orders", "--sample", "2");
  expect(told.out).toMatch(/orders\s+done\s+1\s+1\s+0/);
  expect(told.out).toContain("different  orders/order-2");
  expect(told.code).toBe(1);
  expect(await world.json(compareCommand, "acme")).toMatchObject({ comparisons: [{ counts: { same: 2 } }] });
  await expect(world.run(compareCommand, "acme", "--sample", "999")).rejects.toThrow("--sample is 1 to 50.");
});
