import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closedBreaker, countCalls, partnerBreaker } from "../../../lib/engine/breaker.ts";
import type { BreakerState } from "../../../lib/engine/breaker.ts";
import { CallTallies } from "../../../lib/engine/call-tallies.ts";
import type { Connection } from "../../../lib/engine/ports.ts";
import { callPartner } from "../../../lib/flows/call-partner.ts";
import { jsonAnswer, startMs } from "../../support/memory-ports.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";
import { acme, AcmeServer, connectedPorts, connection } from "../support/acme.ts";

const broken = connection;
const well: Connection = { ...connection, connectionId: "acme_111111111111111111-1111111111111111", account: "acct-2" };

/** Two connections; for the broken one Acme answers 500, and for the other one what `others` says. */
async function twoConnections(others: () => number): Promise<MemoryPorts> {
  const ports = await connectedPorts(new AcmeServer(2));
  await ports.connections.create(well);
  await ports.credentials.replace(well, null, { apiKey: "key of the other" });
  ports.transport.respond(({ headers }) => {
    const isOther = headers["authorization"]?.includes("other") === true;
    const status = isOther ? others() : 500;
    return jsonAnswer(status, status === 200 ? { id: "order-1", amount: 1 } : {});
  });
  return ports;
}

async function call(ports: MemoryPorts, of: Connection): Promise<string> {
  const request = { method: "GET", path: "/orders/order-1", query: {}, endpoint: "GET /orders/{id}" } as const;
  const deadlineMs = ports.clock.nowMs() + 30_000;
  const result = await callPartner(ports, { driver: acme, connection: of, request, lane: "webhooks", deadlineMs });
  ports.clock.advance(250);
  return result.kind === "wait" ? `wait: ${result.reason}` : result.kind;
}

const breakerOf = async (ports: MemoryPorts, of: string | null) => (await ports.control.read("acme", of)).breaker.kind;

describe("a connection that fails alone", () => {
  test("is held by its own breaker, and the others go on", async () => {
    const ports = await twoConnections(() => 200);
    for (let index = 0; index < 100; index++) {
      await call(ports, broken);
      if (index % 6 === 0) expect(await call(ports, well)).toBe("ok");
    }
    expect(await breakerOf(ports, null)).toBe("closed");
    expect(await call(ports, broken)).toBe("wait: connection-breaker");
    expect(await call(ports, well)).toBe("ok");
  });

  test("does not look like all because it has a worker of its own: others tell how they fare", async () => {
    const ports = await twoConnections(() => 200);
    const other: MemoryPorts = { ...ports, tallies: new CallTallies() };
    for (let index = 0; index < 60; index++) {
      await call(ports, broken);
      if (index % 2 === 0) expect(await call(other, well)).toBe("ok");
    }
    expect(await breakerOf(ports, null)).toBe("closed");
    expect(await breakerOf(ports, broken.connectionId)).toBe("open");
  });

  test("opens the partner's where no other calls: it may be the only one", async () => {
    const ports = await twoConnections(() => 200);
    for (let index = 0; index < 40; index++) await call(ports, broken);
    expect(await breakerOf(ports, null)).toBe("open");
  });

  test("is not alone when the others begin to fail: within a minute the partner's opens", async () => {
    let status = 200;
    const ports = await twoConnections(() => status);
    for (let index = 0; index < 20; index++) await call(ports, well);
    status = 500;
    const sinceMs = ports.clock.nowMs();
    while ((await breakerOf(ports, null)) === "closed") {
      await call(ports, broken);
      await call(ports, well);
      expect(ports.clock.nowMs() - sinceMs).toBeLessThan(60_000);
    }
  });
});

interface Batch {
  readonly who: number;
  readonly calls: number;
  readonly afterMs: number;
}

const batches = fc.array(
  fc.record({ who: fc.nat(5), calls: fc.integer({ min: 1, max: 12 }), afterMs: fc.nat(4_000) }),
  { minLength: 1, maxLength: 60 },
);

/** What the shared breaker comes to when each worker tells what its one connection had. */
function after(all: readonly Batch[], fails: (who: number) => boolean): BreakerState {
  let nowMs = startMs;
  let state: BreakerState = closedBreaker;
  for (const { who, calls, afterMs } of all) {
    nowMs += afterMs;
    const failures = fails(who) ? calls : 0;
    const worst = failures > 0 ? { worst: [{ tag: `tag-${who}`, calls, failures }] } : {};
    state = countCalls(state, { calls, failures, ...worst }, nowMs, partnerBreaker, 0);
    if (state.kind !== "closed") return state;
  }
  return state;
}

test("whatever calls are told: one of six that fails opens nothing where the others always call, all that fail open it", () => {
  fc.assert(
    fc.property(batches, (all) => {
      const some = all.flatMap((batch) => [{ who: 1, calls: 5, afterMs: 0 }, batch]);
      expect(after(some, (who) => who === 0).kind).toBe("closed");
      const calls = all.reduce((sum, batch) => sum + batch.calls, 0);
      const lastsMs = all.reduce((sum, batch) => sum + batch.afterMs, 0);
      if (calls >= partnerBreaker.callsMin && lastsMs < 50_000) expect(after(all, () => true).kind).toBe("open");
    }),
    { numRuns: 300 },
  );
});

test("what a window stores of it stays small, however many connections fail", () => {
  const tallies = new CallTallies();
  for (let index = 0; index < 200; index++) tallies.add("acme", false, startMs, { by: `${index}` });
  const told = tallies.add("acme", true, startMs, { by: "1" });
  expect(told).toEqual({ calls: 201, failures: 1, worst: [{ tag: "1", calls: 2, failures: 1 }] });
  const all = Array.from({ length: 10 }, (_, who) => ({ who, calls: 1, afterMs: 0 }));
  const state = after(all, () => true);
  expect(state.kind === "closed" && state.windows.map(({ worst }) => worst?.length)).toEqual([3]);
});
