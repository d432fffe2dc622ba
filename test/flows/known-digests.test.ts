import { describe, expect, test } from "vitest";
import { SeenSet } from "../../lib/engine/deletions.ts";
import { createKnownDigests } from "../../lib/flows/known-digests.ts";
import type { Pass } from "../../lib/flows/known-digests.ts";
import { createMemoryPorts, startMs } from "../support/memory-ports.ts";
import { candidateOf } from "../support/port-values.ts";

const scope = { partner: "acme", connectionId: "acme_1", resource: "things" };
const dayMs = 86_400_000;
const passOf = (changes: Partial<Pass> = {}): Pass => {
  return {
    scope,
    isVersioned: false,
    beganMs: startMs + dayMs,
    fetchedBefore: 0,
    runId: "run-1",
    readFormerSeen: async () => new SeenSet(),
    ...changes,
  };
};
const thing = (number: number, changes: Parameters<typeof candidateOf>[0] = {}) =>
  candidateOf({ externalId: `thing-${number}`, digest: `digest-${number}`, orderedBy: "fetch", ...changes });

async function portsWith(count: number) {
  const ports = createMemoryPorts();
  for (let number = 0; number < count; number += 1) await ports.records.write(scope, thing(number), null);
  return ports;
}
const idsOf = (candidates: readonly { externalId: string }[]) => candidates.map(({ externalId }) => externalId);

describe("a full pass", () => {
  test("reads the index once and tells apart what stands still, what changed and what is new", async () => {
    const ports = await portsWith(2_500);
    let reads = 0;
    // An object made of another has that one's methods, which Object.create does not say.
    const records = Object.assign(Object.create(ports.records) as typeof ports.records, {
      digests: (...call: Parameters<typeof ports.records.digests>) => {
        reads += 1;
        return ports.records.digests(...call);
      },
    });
    const known = createKnownDigests({ records }, passOf());
    const sifted = await known.sift([thing(2_400), thing(7), thing(9, { digest: "other" }), thing(9_999)]);
    expect([idsOf(sifted.unchanged), idsOf(sifted.open), idsOf(sifted.absent)]).toEqual([
      ["thing-2400", "thing-7"],
      ["thing-9"],
      ["thing-9999"],
    ]);
    await known.sift([thing(3)]);
    expect(reads).toBe(3);
  });

  test("takes a younger version of the same state for no standstill", async () => {
    const ports = createMemoryPorts();
    await ports.records.write(scope, candidateOf({ order: 5 }), null);
    const known = createKnownDigests(ports, passOf({ isVersioned: true }));
    expect((await known.sift([candidateOf({ order: 5 })])).unchanged).toHaveLength(1);
    expect((await known.sift([candidateOf({ order: 6 })])).open).toHaveLength(1);
  });

  test("asks the record itself where it was written so late that the index may lag, or is deleted", async () => {
    const ports = await portsWith(1);
    const soon = createKnownDigests(ports, passOf({ beganMs: startMs + 1_000 }));
    expect((await soon.sift([thing(0)])).open).toHaveLength(1);
    ports.clock.advance(dayMs / 2);
    await ports.records.write(
      scope,
      thing(0, { deleted: true, digest: "deleted", fetchedAtMs: startMs + 9_000 }),
      null,
    );
    const known = createKnownDigests(ports, passOf());
    expect((await known.sift([thing(0)])).open).toHaveLength(1);
  });

  test("of a scope larger than is kept follows pages that rise with the ids, and asks the records of others", async () => {
    const served: (string | null)[] = [];
    const count = 400_000;
    const nameOf = (number: number) => `thing-${String(number).padStart(9, "0")}`;
    const records = {
      digests: async (_scope: unknown, after: string | null, limit: number) => {
        served.push(after);
        const from = after === null ? 0 : Number(after.slice(6)) + 1;
        const marks = Array.from({ length: Math.min(limit, count - from) }, (_, index) => {
          return {
            externalId: nameOf(from + index),
            digest: "d",
            order: 1,
            version: 1,
            deleted: false,
            writtenAtMs: 0,
          };
        });
        return { marks, next: from + limit < count ? nameOf(from + limit - 1) : null };
      },
    };
    // Only `digests` is asked.
    const known = createKnownDigests({ records: records as never }, passOf());
    const page = (...numbers: number[]) =>
      numbers.map((number) => thing(0, { externalId: nameOf(number), digest: "d" }));
    expect((await known.sift(page(1, 2))).unchanged).toHaveLength(2);
    expect((await known.sift(page(200_001, 399_999, 200_000))).open).toHaveLength(3);
    const former = served.length;
    expect((await known.sift(page(200_000, 200_001))).unchanged).toHaveLength(1);
    expect(served[former]).toBe(nameOf(200_000));
    expect((await known.sift(page(5))).open).toHaveLength(1);
  });
});
