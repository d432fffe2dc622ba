import { describe, expect, test } from "vitest";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { connectedDelta, delta, deltaConnection, DeltaServer, recordsOf, truthOf } from "./support/delta.ts";
import { runUntilIdle } from "./support/world.ts";

async function world(): Promise<{ readonly ports: MemoryPorts; readonly server: DeltaServer }> {
  const server = new DeltaServer(5);
  return { ports: await connectedDelta(server), server };
}

/** The page, and what is asked for between two checkpoints: details, media in two pages, and a batch. The whole tree is 26. */
const repeatedMax = 1 + 5 + 5 * 2 + 1;

/** The worker that fetches children dies at every single effect, once before it takes effect and once after. */
describe("a worker that dies among children", async () => {
  const undisturbed = await world();
  const { calls } = await runUntilIdle(undisturbed.ports, null, delta);
  test("has somewhere to die", () => expect(calls).toBeGreaterThan(150));

  describe.each(["before", "after"] as const)("%s an effect", (when) => {
    test.each(Array.from({ length: calls }, (_, index) => index + 1))(
      "the %i-th loses nothing and asks for little twice",
      async (atCall) => {
        const { ports, server } = await world();
        const { died } = await runUntilIdle(ports, { atCall, when }, delta);
        expect(died).toBe(true);
        expect(recordsOf(ports)).toEqual(truthOf(server));
        expect(ports.records.all().every((record) => record.version === 1)).toBe(true);
        expect(server.calls.length - undisturbed.server.calls.length).toBeLessThanOrEqual(repeatedMax);
        const runs = await ports.runs.list("delta", deltaConnection.connectionId, { limit: 10, cursor: null });
        expect(runs.items.every((run) => run.status.kind === "done")).toBe(true);
        expect((await ports.failures.list({}, { limit: 10, cursor: null })).items).toEqual([]);
      },
    );
  });
});
