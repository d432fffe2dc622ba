import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { InvalidCursor } from "../../../lib/engine/page-cursor.ts";
import { lagMsMax, skewMsMax } from "../../../lib/engine/record.ts";
import type { RecordStore } from "../../../lib/engine/ports.ts";
import type { RecordMark, RecordScope } from "../../../lib/engine/record.ts";
import { startMs } from "../memory/clock.ts";
import { candidateOf } from "../port-values.ts";
import { allOf, freshOwner, usePorts, walk } from "./opened.ts";
import type { OpenPorts } from "./opened.ts";

function freshScope(): RecordScope {
  return { ...freshOwner(), resource: "things" };
}

export function describeRecordStore(open: OpenPorts): void {
  describeVersions(open);
  describeOrder(open);
  describeRecordRaces(open);
  describeTombstones(open);
  describeRecordLists(open);
  describeFound(open);
}

function describeVersions(open: OpenPorts): void {
  describe("records", () => {
    const opened = usePorts(open);
    const records = () => opened().ports.records;

    it("come back as they were written, with a version and a time of the store's own", async () => {
      const scope = freshScope();
      expect(await records().read(scope, "thing-1")).toBeNull();
      const candidate = candidateOf({ source: { kind: "webhook", id: "webhook-9" } });
      expect(await records().write(scope, candidate, null)).toBe("created");
      const stored = await records().read(scope, "thing-1");
      const { orderedBy: _, ...state } = candidate;
      expect(stored).toEqual({ ...state, ...scope, version: 1, writtenAtMs: stored?.writtenAtMs });
      expect(stored?.writtenAtMs).toBeGreaterThan(1_700_000_000_000);
    });

    it("count a version for each state that differs and is newer", async () => {
      const scope = freshScope();
      await records().write(scope, candidateOf(), null);
      const next = candidateOf({ digest: "digest-2", order: 2_000, data: { amount: 200 } });
      expect(await records().write(scope, next, null)).toBe("updated");
      expect(await records().read(scope, "thing-1")).toMatchObject({ version: 2, order: 2_000, data: { amount: 200 } });
    });

    it("stay as they are when nothing changed, and move their order alone with the partner's version", async () => {
      const scope = freshScope();
      await records().write(scope, candidateOf(), null);
      const before = await records().read(scope, "thing-1");
      expect(await records().write(scope, candidateOf({ order: 1 }), null)).toBe("unchanged");
      expect(await records().read(scope, "thing-1")).toEqual(before);
      expect(await records().write(scope, candidateOf({ order: 9_000 }), null)).toBe("unchanged");
      expect(await records().read(scope, "thing-1")).toEqual({ ...before, order: 9_000 });
    });
  });
}

function describeOrder(open: OpenPorts): void {
  describe("records in order", () => {
    const opened = usePorts(open);
    const records = () => opened().ports.records;

    it("that went back to a former state stay there when the state between arrives late", async () => {
      const scope = freshScope();
      await records().write(scope, candidateOf({ order: 1_000 }), null);
      expect(await records().write(scope, candidateOf({ order: 3_000 }), null)).toBe("unchanged");
      expect(await records().write(scope, candidateOf({ digest: "between", order: 2_000 }), null)).toBe("stale");
      expect(await records().read(scope, "thing-1")).toMatchObject({ digest: "digest-1", version: 1 });
    });

    it("keep the newer version whatever comes later", async () => {
      const scope = freshScope();
      await records().write(scope, candidateOf({ order: 5_000 }), null);
      const before = await records().read(scope, "thing-1");
      for (const order of [4_999, 0]) {
        expect(await records().write(scope, candidateOf({ digest: "other", order }), null)).toBe("stale");
      }
      expect(await records().read(scope, "thing-1")).toEqual(before);
    });

    it("of one version, or of none, follow the fetch that began after the write, and ask again where that is unclear", async () => {
      for (const orderedBy of ["version", "fetch"] as const) {
        const scope = freshScope();
        await records().write(scope, candidateOf({ orderedBy }), null);
        const writtenAtMs = (await records().read(scope, "thing-1"))?.writtenAtMs ?? 0;
        const other = (fetchedAtMs: number) => candidateOf({ digest: "other", orderedBy, fetchedAtMs });
        expect(await records().write(scope, other(writtenAtMs - 1), null)).toBe("unclear");
        expect(await records().write(scope, other(writtenAtMs + skewMsMax), null)).toBe("unclear");
        expect(await records().write(scope, other(writtenAtMs + skewMsMax + 1), null)).toBe("updated");
      }
    });

    it("of a partner whose clock went back are taken once no list can lag by as much", async () => {
      const scope = freshScope();
      await records().write(scope, candidateOf({ order: 5_000 }), null);
      const writtenAtMs = (await records().read(scope, "thing-1"))?.writtenAtMs ?? 0;
      const back = (fetchedAtMs: number) => candidateOf({ digest: "back", order: 10, fetchedAtMs });
      expect(await records().write(scope, back(writtenAtMs + lagMsMax), null)).toBe("stale");
      expect(await records().write(scope, back(writtenAtMs + lagMsMax + 1), null)).toBe("updated");
    });
  });
}

function describeRecordRaces(open: OpenPorts): void {
  describe("records under a race", () => {
    const opened = usePorts(open);
    const records = () => opened().ports.records;

    it("are guarded against a mark that is out of date", async () => {
      const scope = freshScope();
      await records().write(scope, candidateOf(), null);
      const mark = (await records().marks(scope, ["thing-1"])).get("thing-1") ?? null;
      await records().write(scope, candidateOf({ digest: "newest", order: 9_000 }), mark);
      expect(await records().write(scope, candidateOf({ digest: "between", order: 5_000 }), mark)).toBe("stale");
      expect(await records().read(scope, "thing-1")).toMatchObject({ digest: "newest", version: 2 });
    });

    it("end with the newest of many that are written at once, and count no version twice", async () => {
      const scope = freshScope();
      const outcomes = await allOf(12, (index) =>
        records().write(scope, candidateOf({ digest: `digest-${index}`, order: index }), null),
      );
      const stored = await records().read(scope, "thing-1");
      expect(stored).toMatchObject({ digest: "digest-11", order: 11 });
      expect(outcomes.filter((outcome) => outcome === "created")).toHaveLength(1);
      expect(stored?.version).toBe(outcomes.filter((outcome) => outcome !== "stale").length);
    });

    it("are won by one of many states of the same version", async () => {
      const scope = freshScope();
      const outcomes = await allOf(6, (index) =>
        records().write(scope, candidateOf({ digest: `digest-${index}` }), null),
      );
      expect(outcomes.toSorted()).toEqual(["created", ...Array.from({ length: 5 }, () => "unclear")]);
      const stored = await records().read(scope, "thing-1");
      expect(stored).toMatchObject({ version: 1, digest: `digest-${outcomes.indexOf("created")}` });
    });
  });
}

function describeTombstones(open: OpenPorts): void {
  describe("tombstones", () => {
    const opened = usePorts(open);
    const records = () => opened().ports.records;
    /** As a 404 tells of it: when it was seen, and no version. */
    const gone = (fetchedAtMs: number) =>
      candidateOf({ digest: "gone", order: 0, orderedBy: "fetch", fetchedAtMs, deleted: true, data: {} });
    const later = () => opened().ports.clock.nowMs() + 5_000;

    it("keep the last data known, whatever the version was, and what was fetched before does not bring the thing back", async () => {
      const scope = freshScope();
      const alive = candidateOf({ order: 7_000_000_000_000 });
      await records().write(scope, alive, null);
      expect(await records().write(scope, gone(startMs - 1), null)).toBe("unclear");
      expect(await records().write(scope, gone(later()), null)).toBe("deleted");
      expect(await records().read(scope, "thing-1")).toMatchObject({ deleted: true, version: 2, data: alive.data });
      const newer = candidateOf({ digest: "old", order: 8_000_000_000_000 });
      expect(await records().write(scope, newer, null)).toBe("unclear");
      expect(await records().write(scope, gone(later()), null)).toBe("unchanged");
    });

    it("give way to a state that is seen later, even one that equals the state before, of any version", async () => {
      const scope = freshScope();
      await records().write(scope, candidateOf({ order: 5_000 }), null);
      await records().write(scope, gone(later()), null);
      expect(await records().write(scope, candidateOf({ order: 1, fetchedAtMs: later() }), null)).toBe("updated");
      expect(await records().read(scope, "thing-1")).toMatchObject({ deleted: false, version: 3, order: 1 });
    });

    it("that the partner itself gives a version are ordered by it", async () => {
      const scope = freshScope();
      await records().write(scope, candidateOf({ order: 5_000 }), null);
      const removed = (order: number) => ({ ...gone(startMs), order, orderedBy: "version" as const });
      expect(await records().write(scope, removed(4_000), null)).toBe("stale");
      expect(await records().write(scope, removed(6_000), null)).toBe("deleted");
    });

    it("stand for things never seen, too", async () => {
      const scope = freshScope();
      expect(await records().write(scope, gone(startMs), null)).toBe("deleted");
      expect(await records().read(scope, "thing-1")).toMatchObject({ deleted: true, version: 1, data: {} });
      expect(await records().write(scope, candidateOf({ order: 1_000 }), null)).toBe("unclear");
    });

    it("and later states of a thing too large for an item keep it whole", async () => {
      const scope = freshScope();
      // Random, so that compressing does not make it fit.
      const large = { text: randomBytes(450_000).toString("base64") };
      expect(await records().write(scope, candidateOf({ data: large }), null)).toBe("created");
      expect((await records().read(scope, "thing-1"))?.data).toEqual(large);
      expect(await records().write(scope, gone(later()), null)).toBe("deleted");
      expect((await records().read(scope, "thing-1"))?.data).toEqual(large);
      const small = candidateOf({ digest: "small", order: 3_000, fetchedAtMs: later(), data: { small: true } });
      await records().write(scope, small, null);
      expect((await records().read(scope, "thing-1"))?.data).toEqual({ small: true });
      const medium = { text: "ä".repeat(300_000) };
      await records().write(scope, candidateOf({ digest: "medium", order: 3_500, data: medium }), null);
      expect((await records().read(scope, "thing-1"))?.data).toEqual(medium);
      await records().write(scope, candidateOf({ digest: "large", order: 4_000, data: large }), null);
      expect((await records().list(scope, { limit: 5, cursor: null })).items[0]?.data).toEqual(large);
    });
  });
}

function describeRecordLists(open: OpenPorts): void {
  describe("many records", () => {
    const opened = usePorts(open);
    const records = () => opened().ports.records;

    it("show their marks by id, and no mark for what is not there", async () => {
      const scope = freshScope();
      const ids = Array.from({ length: 100 }, (_, index) => `thing-${index}`);
      await allOf(60, (index) =>
        records().write(scope, candidateOf({ externalId: `thing-${index}`, order: index, digest: `d${index}` }), null),
      );
      const marks = await records().marks(scope, ids);
      expect([...marks.keys()].toSorted()).toEqual(ids.slice(0, 60).toSorted());
      const seventh = { externalId: "thing-7", digest: "d7", order: 7, version: 1, deleted: false };
      const { writtenAtMs, ...mark } = marks.get("thing-7") ?? { writtenAtMs: 0 };
      expect(mark).toEqual(seventh);
      expect(writtenAtMs).toBeGreaterThan(0);
      expect((await records().marks(scope, ["thing-1", "thing-1"])).size).toBe(1);
      expect((await records().marks(scope, [])).size).toBe(0);
      await expect(records().marks(scope, [...ids, "one-more"])).rejects.toThrow("at most 100");
    });

    it("show their marks by the index too, in the order of their ids' bytes, page after page", async () => {
      const scope = freshScope();
      const ids = ["a#b", "Z", "😀", "é", "\uFFFD", "a", "日本"];
      for (const externalId of ids) await records().write(scope, candidateOf({ externalId }), null);
      const seen: RecordMark[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<RecordStore["digests"]>> = await records().digests(scope, after, 3);
        seen.push(...page.marks);
        after = page.next;
      } while (after !== null);
      expect(seen.map((mark) => mark.externalId)).toEqual(["Z", "a", "a#b", "é", "日本", "\uFFFD", "😀"]);
      expect(new Map(seen.map((mark) => [mark.externalId, mark]))).toEqual(await records().marks(scope, ids));
      expect(await records().digests({ ...scope, resource: "others" }, null, 3)).toEqual({ marks: [], next: null });
    });

    it("are listed in the order of their ids' bytes, forward and back, with their total", async () => {
      const scope = freshScope();
      const inOrder = ["A", "Z", "a", "a#b", "z", "é", "日本", "\uFFFD", "😀"];
      for (const externalId of inOrder.toReversed()) await records().write(scope, candidateOf({ externalId }), null);
      await records().write({ ...scope, resource: "others" }, candidateOf({ externalId: "other" }), null);
      for (const limit of [1, 2, 4, 100]) {
        const seen = await walk((page) => records().list(scope, page), limit);
        expect(seen.forward.map((record) => record.externalId)).toEqual(inOrder);
        expect(seen.back).toEqual(seen.forward);
        expect(seen.total).toBe(inOrder.length);
      }
    });

    it("have no page beyond their ends", async () => {
      const scope = freshScope();
      await allOf(4, (index) => records().write(scope, candidateOf({ externalId: `thing-${index}` }), null));
      const first = await records().list(scope, { limit: 2, cursor: null });
      expect([first.previous, first.next === null]).toEqual([null, false]);
      const last = await records().list(scope, { limit: 2, cursor: first.next });
      expect([last.next, last.previous === null]).toEqual([null, false]);
      const again = await records().list(scope, { limit: 2, cursor: last.previous });
      expect([again.previous, again.items]).toEqual([null, first.items]);
      await expect(async () => records().list(scope, { limit: 2, cursor: "no-cursor" })).rejects.toBeInstanceOf(
        InvalidCursor,
      );
    });
  });
}

function describeFound(open: OpenPorts): void {
  describe("records that are looked for", () => {
    const opened = usePorts(open);
    const records = () => opened().ports.records;

    it("are found by when they were written and whether they are deleted, forward and back, however far apart they stand", async () => {
      const scope = freshScope();
      const ids = Array.from({ length: 90 }, (_, index) => `thing-${String(index).padStart(2, "0")}`);
      const write = (externalId: string, changes = {}) =>
        records().write(scope, candidateOf({ externalId, ...changes }), null);
      await allOf(90, (index) => write(ids[index] ?? ""));
      const first = (await records().read(scope, "thing-00"))?.writtenAtMs ?? 0;
      const fetchedAtMs = opened().ports.clock.nowMs() + 5_000;
      await opened().ports.clock.sleep(20);
      const since = opened().ports.clock.nowMs();
      const changed = ["thing-03", "thing-50", "thing-89"];
      for (const externalId of changed) await write(externalId, { digest: "new", order: 9_000, fetchedAtMs });
      const gone = ["thing-50", "thing-70"];
      for (const externalId of gone)
        await write(externalId, {
          digest: "gone",
          orderedBy: "fetch",
          deleted: true,
          data: {},
          fetchedAtMs: since + 99_000,
        });
      const found = async (writtenSinceMs: number | null, deleted: "include" | "exclude" | "only", limit: number) => {
        const filter = { writtenSinceMs, deleted };
        const seen = await walk(async (page) => ({ ...(await records().find(scope, filter, page)), total: 0 }), limit);
        expect(seen.back).toEqual(seen.forward);
        return seen.forward.map((record) => record.externalId);
      };
      for (const limit of [1, 2, 100]) {
        expect(await found(since, "include", limit)).toEqual(["thing-03", "thing-50", "thing-70", "thing-89"]);
        expect(await found(since, "exclude", limit)).toEqual(["thing-03", "thing-89"]);
        expect(await found(null, "only", limit)).toEqual(gone);
        expect(await found(since + 86_400_000, "include", limit)).toEqual([]);
      }
      expect(await found(null, "exclude", 7)).toEqual(ids.filter((id) => !gone.includes(id)));
      expect(await found(first, "include", 9)).toHaveLength(90);
    });
  });
}
