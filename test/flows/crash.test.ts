import { describe, expect, test } from "vitest";
import type { Job } from "../../lib/engine/job.ts";
import { startMs } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { AcmeServer, connectedPorts, connectionId } from "./support/acme.ts";
import { runUntilIdle } from "./support/world.ts";

/**
 * A worker dies at every single effect of the main job, once before it takes effect and once after; whatever is left must
 * come right by itself: queues deliver again, the sweeper looks, schedules fire.
 */
async function callsOf(prepare: () => Promise<MemoryPorts>): Promise<number> {
  return (await runUntilIdle(await prepare())).calls;
}

const webhook = (touched: readonly string[]): Job => ({
  version: 1,
  id: "webhook-1",
  partner: "acme",
  connectionId,
  lane: "webhooks",
  attempts: 0,
  hops: 0,
  createdAtMs: startMs,
  expiresAtMs: startMs + 86_400_000,
  trace: "trace",
  replayOf: null,
  work: {
    kind: "webhook",
    receivedAtMs: startMs,
    contentType: "application/json",
    body: { kind: "text", text: JSON.stringify({ touched }) },
  },
});

async function world(): Promise<{ ports: MemoryPorts; server: AcmeServer }> {
  const server = new AcmeServer(25);
  const ports = await connectedPorts(server);
  await ports.lanes.send(webhook(["order-3", "order-24", "gone"]), 0);
  return { ports, server };
}

describe("a worker that dies", async () => {
  const calls = await callsOf(async () => (await world()).ports);
  test("has somewhere to die", () => expect(calls).toBeGreaterThan(60));

  describe.each(["before", "after"] as const)("%s an effect", (when) => {
    test.each(Array.from({ length: calls }, (_, index) => index + 1))(
      "the %i-th loses nothing and does nothing twice",
      async (atCall) => {
        const { ports, server } = await world();
        const { died } = await runUntilIdle(ports, { atCall, when });
        expect(died).toBe(true);
        expect(
          new Map(
            ports.records
              .all()
              .filter((record) => !record.deleted)
              .map((record) => [record.externalId, record.data.amount]),
          ),
        ).toEqual(new Map([...server.orders].map(([id, amount]) => [id, String(amount)])));
        expect(ports.records.all().every((record) => record.version === 1)).toBe(true);
        const runs = (await ports.runs.list("acme", connectionId, { limit: 100, cursor: null })).items;
        expect(runs.every((run) => run.status.kind === "done")).toBe(true);
        const state = await ports.connections.readResource("acme", connectionId, "orders");
        expect(state).toMatchObject({ activeRunId: null, lastError: null });
        expect(state?.watermarkMs).not.toBeNull();
        expect((await ports.failures.list({}, { limit: 10, cursor: null })).items).toEqual([]);
        const pages = server.calls.filter((call) => call.startsWith("/v1/orders?"));
        // At most one page was fetched twice.
        expect(pages.length - new Set(pages).size).toBeLessThanOrEqual(1);
      },
    );
  });
});
