import fc from "fast-check";
import { expect, test } from "vitest";
import { noHints } from "../../../lib/engine/gate/no-hints.ts";
import { createSharedGate } from "../../../lib/engine/gate/shared-gate.ts";
import type { GateItems } from "../../../lib/engine/gate/shared-gate.ts";
import type { Gate } from "../../../lib/engine/ports.ts";
import { SeededRandom, startMs, VirtualClock } from "../../support/memory/clock.ts";
import { MemoryGateItems } from "../../support/memory/gate-items.ts";
import { slidingScope } from "./support/scopes.ts";

const limit = { requests: 4, perMs: 1_000 };
const scopes = [slidingScope(limit.requests, limit.perMs)];

interface Ask {
  readonly want: number;
  /** Of what is granted, how much is given back unsent. */
  readonly unused: number;
  readonly afterMs: number;
}

const asks = fc.array(fc.record({ want: fc.integer({ min: 1, max: 3 }), unused: fc.nat(1), afterMs: fc.nat(400) }), {
  minLength: 1,
  maxLength: 3,
});

/** Each read and each write takes effect when the schedule says so, and is heard of when it says so. */
function scheduled(items: GateItems, schedule: fc.Scheduler): GateItems {
  return {
    async read(key) {
      await schedule.schedule(Promise.resolve(), `read ${key}`);
      const found = await items.read(key);
      await schedule.schedule(Promise.resolve(), `was read ${key}`);
      return found;
    },
    async write(key, item, revision) {
      await schedule.schedule(Promise.resolve(), `write ${key} over ${revision}`);
      const verdict = await items.write(key, item, revision);
      await schedule.schedule(Promise.resolve(), `${verdict} ${key}`);
      return verdict;
    },
  };
}

/** Dates of what one worker sends; what it gives back it sends nothing for. */
async function work(gate: Gate, clock: VirtualClock, all: readonly Ask[]): Promise<readonly number[]> {
  const sent: number[] = [];
  for (const { want, unused, afterMs } of all) {
    clock.advance(afterMs);
    const request = { scopes, weight: 1, want, lane: "imports", connectionId: "one" } as const;
    const answer = await gate.reserve({ ...request, deadlineMs: clock.nowMs() + 3_000 });
    if (answer.kind === "refused") continue;
    const kept = answer.sendAtMs.length - Math.min(unused, answer.sendAtMs.length);
    sent.push(...answer.sendAtMs.slice(0, kept));
    const outcome = { scopes, connectionId: "one", sent: 0, unused: answer.sendAtMs.length - kept };
    if (outcome.unused > 0) await gate.settle(answer.id, { ...outcome, kinds: [], hints: noHints });
  }
  return sent;
}

test("in whatever order workers' reads and writes happen, no window holds more than the limit", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(asks, { minLength: 2, maxLength: 4 }), async (schedule, workers) => {
      const clock = new VirtualClock();
      const items = scheduled(new MemoryGateItems(), schedule);
      const working = workers.map((all, index) => {
        const gate = createSharedGate({ items, clock, random: new SeededRandom(index + 1) });
        return work(gate, clock, all);
      });
      await schedule.waitFor(Promise.all(working));
      const sent = (await Promise.all(working)).flat();
      for (const fromMs of sent) {
        const held = sent.filter((atMs) => atMs >= fromMs && atMs < fromMs + limit.perMs);
        expect(held.length).toBeLessThanOrEqual(limit.requests);
      }
      expect(sent.every((atMs) => atMs >= startMs)).toBe(true);
    }),
    { numRuns: 100 },
  );
});
