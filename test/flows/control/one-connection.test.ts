import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closedBreaker, countCalls, partnerBreaker } from "../../../lib/engine/breaker.ts";
import type { BreakerState } from "../../../lib/engine/breaker.ts";
import { CallTallies } from "../../../lib/engine/call-tallies.ts";
import type { Connection } from "../../../lib/engine/ports.ts";
import { worstOf } from "../../../lib/engine/worst-connections.ts";
import { callPartner } from "../../../lib/flows/call-partner.ts";
import type { CallPorts } from "../../../lib/flows/call-partner.ts";
import { judgePartner } from "../../../lib/flows/judge-partner.ts";
import { cachedControl } from "../../sim/world/cached-control.ts";
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

type Worker = CallPorts & Pick<MemoryPorts, "clock">;

async function call(ports: Worker, of: Connection): Promise<string> {
  const told = await send(ports, of);
  ports.clock.advance(250);
  return told;
}

async function send(ports: Worker, of: Connection): Promise<string> {
  const request = { method: "GET", path: "/orders/order-1", query: {}, endpoint: "GET /orders/{id}" } as const;
  const deadlineMs = ports.clock.nowMs() + 30_000;
  const result = await callPartner(ports, { driver: acme, connection: of, request, lane: "webhooks", deadlineMs });
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

  test("of ten calls at once, while other workers do not know yet that they are asked, closes off itself", async () => {
    const ports = await twoConnections(() => 200);
    const newWorker = (): Worker => ({
      ...ports,
      tallies: new CallTallies(),
      control: cachedControl(ports.control, ports.clock),
    });
    const [worker, other] = [newWorker(), newWorker()];
    await call(other, well);
    for (let batch = 0; batch < 4; batch++) await Promise.all(Array.from({ length: 10 }, () => send(worker, broken)));
    expect(await breakerOf(ports, broken.connectionId)).toBe("open");
    expect(await breakerOf(ports, null)).toBe("closed");
    for (let minute = 0; minute < 5; minute++) {
      for (let tick = 0; tick < 12; tick++) {
        ports.clock.advance(5_000);
        expect(await call(other, well)).toBe("ok");
        await Promise.all(Array.from({ length: 10 }, () => send(worker, broken)));
      }
      await judgePartner(ports, await ports.control.read("acme", null));
      expect(await breakerOf(ports, null)).toBe("closed");
    }
  });

  test("opens the partner's where no other tells how it fares, when there was time: it may be the only one", async () => {
    const ports = await twoConnections(() => 200);
    for (let index = 0; index < 40; index++) await send(ports, broken);
    const judge = async () => (await judgePartner(ports, await ports.control.read("acme", null))).breaker.kind;
    expect([await breakerOf(ports, broken.connectionId), await judge()]).toEqual(["open", "closed"]);
    ports.clock.advance(65_000);
    expect(await judge()).toBe("open");
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
      // As long as one called alone, the others are given the time to tell.
      const later = [...all, { who: 0, calls: 1, afterMs: 20_000 }];
      if (calls >= partnerBreaker.callsMin && lastsMs < 30_000) expect(after(later, () => true).kind).toBe("open");
    }),
    { numRuns: 300 },
  );
});

/** What the shared breaker comes to of calls of as many connections as there are lists, in turn, each told by itself. */
function told(outcomes: readonly (readonly boolean[])[], named: boolean): BreakerState {
  let state: BreakerState = closedBreaker;
  for (let turn = 0; turn < Math.max(...outcomes.map((each) => each.length)); turn++) {
    for (const [who, each] of outcomes.entries()) {
      if (each[turn] === undefined) continue;
      const tally = { calls: 1, failures: each[turn] === true ? 1 : 0 };
      const worst = worstOf([{ tag: `tag-${who}`, ...tally }]);
      state = countCalls(state, { ...tally, ...(named && { worst }) }, startMs + turn * 1_500, partnerBreaker, 0);
    }
  }
  return state;
}

test("what goes well at a connection is not taken for others': where it alone calls, it is judged as if nobody were named", () => {
  const calls = fc.array(fc.boolean(), { minLength: 40, maxLength: 60 });
  fc.assert(
    fc.property(calls, (outcomes) => {
      // Once it has failed for so long that others would have told.
      const since = [...Array.from({ length: 14 }, () => true), ...outcomes];
      const [named, unnamed] = [told([since], true), told([since], false)].map((state) =>
        state.kind === "closed" ? null : state.sinceMs,
      );
      fc.pre(unnamed === null || unnamed === undefined || unnamed >= startMs + 20_000);
      expect(named).toBe(unnamed);
    }),
    { numRuns: 200 },
  );
});

test("two connections of which six calls in ten fail open their partner's", () => {
  const each = Array.from({ length: 40 }, (_, turn) => turn % 5 < 3);
  expect(told([each, each], true).kind).toBe("open");
  expect(told([each], true).kind).toBe("open");
});

test("what a window stores of it stays small, however many connections fail", () => {
  const tallies = new CallTallies();
  for (let index = 0; index < 200; index++) tallies.add("acme", false, startMs, { by: `${index}` });
  const told = tallies.add("acme", true, startMs, { by: "1" });
  expect(told).toMatchObject({ calls: 201, failures: 1 });
  expect(told?.worst?.map(({ failures }) => failures)).toEqual([1, 0, 0]);
  const all = Array.from({ length: 10 }, (_, who) => ({ who, calls: 1, afterMs: 0 }));
  const state = after(all, () => true);
  expect(state.kind === "closed" && state.windows.map(({ worst }) => worst?.length)).toEqual([3]);
});
