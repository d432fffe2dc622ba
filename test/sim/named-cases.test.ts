import { describe, expect, test } from "vitest";
import { noHints } from "../../lib/engine/gate/no-hints.ts";
import { createSharedGate } from "../../lib/engine/gate/shared-gate.ts";
import type { ResourceState } from "../../lib/engine/ports.ts";
import { fanOut } from "../../lib/flows/fan-out.ts";
import { replayFailure } from "../../lib/flows/replay-failure.ts";
import { sweep } from "../../lib/flows/sweep.ts";
import { acme, AcmeServer, connectedPorts, connectionId } from "../flows/support/acme.ts";
import { runUntilIdle } from "../flows/support/world.ts";
import { SeededRandom, VirtualClock } from "../support/memory/clock.ts";
import { MemoryGateItems } from "../support/memory/gate-items.ts";

/** What a simulated world comes to so seldom that a planted bug could hide from it. */
describe("cases that a simulated world seldom comes to", () => {
  test("a run whose first nudge is lost is nudged again", async () => {
    const ports = await connectedPorts(new AcmeServer(1));
    await fanOut(ports, acme);
    expect(ports.lanes.take("imports", ports.clock.nowMs() + 1_000)).toHaveLength(1);
    ports.clock.advance(125_000);
    expect(await sweep(ports, acme)).toMatchObject({ nudged: 1 });
    expect(ports.lanes.take("imports", ports.clock.nowMs() + 1_000)).toHaveLength(1);
  });

  test("changes are asked for from a while before the watermark on", async () => {
    const ports = await connectedPorts(new AcmeServer(1));
    await runUntilIdle(ports);
    const state = await ports.connections.readResource("acme", connectionId, "orders");
    const { watermarkMs, nextDueMs } = stateWithTimes(state);
    ports.clock.set(nextDueMs);
    await fanOut(ports, acme);
    const run = ports.runs.all().find(({ mode }) => mode === "incremental");
    expect(run?.checkpoint.sinceMs).toBe(watermarkMs - 60_000);
  });

  test("a replay that cannot begin leaves its failure open", async () => {
    const ports = await connectedPorts(new AcmeServer(1));
    await fanOut(ports, acme);
    const [job = null] = ports.lanes.take("imports", ports.clock.nowMs() + 1_000);
    const nowMs = ports.clock.nowMs();
    const why = {
      code: "http-500",
      kind: "transient",
      place: "orders page",
      message: "",
      call: null,
      atMs: nowMs,
    } as const;
    const failure = {
      partner: "acme",
      connectionId,
      failureId: "run-1",
      fingerprint: "one",
      status: "open",
      job,
    } as const;
    const seen = { raw: null, why, firstSeenAtMs: nowMs, lastSeenAtMs: nowMs, seen: 1, replays: 0 };
    await ports.failures.record({ ...failure, ...seen });
    // Its import is under way already.
    expect(await replayFailure(ports, { ...failure, ...seen })).toMatchObject({ kind: "refused" });
    expect(await ports.failures.read("acme", connectionId, "run-1")).toMatchObject({ status: "open" });
  });

  test("what a partner asked for is not taken back by an answer that was sooner on its way", async () => {
    const [clock, random] = [new VirtualClock(), new SeededRandom(1)];
    const gate = createSharedGate({ items: new MemoryGateItems(), clock, random });
    const slots = { kind: "concurrency", calls: 4 } as const;
    const limits = { item: "acme#one", share: 1, uncertaintyMs: 260, highShare: 0, per: "account" } as const;
    const scopes = [{ ...limits, bucket: "at once", rule: slots }];
    const nowMs = clock.nowMs();
    const asked = { scopes, weight: 1, want: 1, lane: "imports", connectionId: "one", deadlineMs: nowMs } as const;
    const ids = [await gate.reserve(asked), await gate.reserve(asked)].flatMap((one) =>
      one.kind === "granted" ? [one.id] : [],
    );
    for (const [index, id] of ids.entries()) {
      const hints = { ...noHints, notBeforeMs: nowMs + (index === 0 ? 60_000 : 5_000) };
      await gate.settle(id, { scopes, connectionId: "one", sent: 1, unused: 0, kinds: ["rate"], hints });
    }
    const verdict = await gate.reserve(asked);
    expect(ids).toHaveLength(2);
    expect(verdict.kind === "refused" ? verdict.retryAtMs : 0).toBeGreaterThanOrEqual(nowMs + 60_000);
  });
});

function stateWithTimes(state: ResourceState | null): { readonly watermarkMs: number; readonly nextDueMs: number } {
  const { watermarkMs = null, nextDueMs = null } = state ?? {};
  if (watermarkMs === null || nextDueMs === null) throw new Error("the first import has not ended");
  return { watermarkMs, nextDueMs };
}
