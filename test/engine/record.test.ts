import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareWithMark, lagMsMax, skewMsMax } from "../../lib/engine/record.ts";
import type { RecordMark } from "../../lib/engine/record.ts";
import { MemoryRecordStore } from "../support/memory/record-store.ts";
import { startMs, VirtualClock } from "../support/memory/clock.ts";
import { candidateOf } from "../support/port-values.ts";

const scope = { partner: "acme", connectionId: "acme_1", resource: "things" };

/** States of one record by the partner's version; digests come back, as values do. */
const history = fc.array(
  fc.record({ digest: fc.constantFrom("a", "b", "c"), deleted: fc.boolean(), gapMs: fc.nat(500) }),
  { minLength: 1, maxLength: 12 },
);

describe("states of one record", () => {
  test("with a version converge to the newest, in any order and however often each comes", async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.infiniteStream(fc.nat()), async (states, picks) => {
        const store = new MemoryRecordStore(new VirtualClock(startMs));
        const arrivals = [...states.keys(), ...states.map(() => (picks.next().value ?? 0) % states.length)];
        const shuffled = arrivals.toSorted(() => ((picks.next().value ?? 0) % 2) - 0.5);
        for (const index of shuffled) {
          const digest = states[index]?.digest ?? "a";
          await store.write(scope, candidateOf({ digest, order: index, data: { digest } }), null);
        }
        const newest = states.length - 1;
        expect(await store.read(scope, "thing-1")).toMatchObject({ order: newest, digest: states[newest]?.digest });
      }),
    );
  });

  test("without a version converge to the truth when what is unclear is fetched again", async () => {
    await fc.assert(
      fc.asyncProperty(
        history,
        fc.array(fc.tuple(fc.nat(4_000), fc.nat(1_900)), { minLength: 1 }),
        async (states, fetches) => {
          const clock = new VirtualClock(startMs);
          const store = new MemoryRecordStore(clock);
          let changedAtMs = startMs;
          const truth = states.map((state) => ({ ...state, fromMs: (changedAtMs += state.gapMs) }));
          const seenAt = (atMs: number) => truth.findLast((state) => state.fromMs <= atMs) ?? truth[0];
          const attempt = async (beganMs: number, tookMs: number) => {
            // The partner answers with what was true at the fetch's begin; the answer may have been long on its way.
            const { digest = "a", deleted = false } = seenAt(beganMs) ?? {};
            clock.set(Math.max(clock.nowMs(), beganMs + tookMs));
            return store.write(
              scope,
              candidateOf({ digest, deleted, orderedBy: "fetch", order: beganMs, fetchedAtMs: beganMs }),
              null,
            );
          };
          const arriving = fetches.toSorted((a, b) => a[0] + a[1] - (b[0] + b[1]));
          for (const [beganMs, tookMs] of arriving) await attempt(startMs + beganMs, tookMs);
          clock.advance(10_000);
          expect(["created", "updated", "deleted", "unchanged"]).toContain(await attempt(clock.nowMs(), 100));
          expect(await store.read(scope, "thing-1")).toMatchObject({ deleted: truth.at(-1)?.deleted });
          if (truth.at(-1)?.deleted === false)
            expect((await store.read(scope, "thing-1"))?.digest).toBe(truth.at(-1)?.digest);
        },
      ),
    );
  });

  test("without a version are never taken from a fetch that began before the stored one was written", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), fc.boolean(), fc.boolean(), (fetchedAtMs, writtenAtMs, was, is) => {
        const mark = { digest: "a", order: 0, deleted: was, writtenAtMs };
        const candidate = { digest: "b", order: fetchedAtMs, orderedBy: "fetch", deleted: is, fetchedAtMs } as const;
        const verdict = compareWithMark(candidate, mark);
        if (verdict === "write") expect(fetchedAtMs).toBeGreaterThan(writtenAtMs + skewMsMax);
        else expect(["unclear", "unchanged"]).toContain(verdict);
      }),
    );
  });

  test.each([
    ["newer", { order: 6 }, "write"],
    ["newer and the same", { order: 6, digest: "a" }, "advance"],
    ["older", { order: 4 }, "stale"],
    ["older and the same", { order: 4, digest: "a" }, "unchanged"],
    ["older, seen long after", { order: 4, fetchedAtMs: startMs + lagMsMax + 1 }, "write"],
    ["of the same version, seen after", { order: 5, fetchedAtMs: startMs + skewMsMax + 1 }, "write"],
    ["of the same version, seen at once", { order: 5, fetchedAtMs: startMs + skewMsMax }, "unclear"],
  ])("with a version: %s", (_name, changes, verdict) => {
    const mark: Omit<RecordMark, "externalId" | "version"> = {
      digest: "a",
      order: 5,
      deleted: false,
      writtenAtMs: startMs,
    };
    expect(compareWithMark(candidateOf({ digest: "b", ...changes }), mark)).toBe(verdict);
  });
});
