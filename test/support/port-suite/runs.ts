import { describe, expect, it } from "vitest";
import type { RunStore } from "../../../lib/engine/ports.ts";
import { InvalidCursor } from "../../../lib/engine/page-cursor.ts";
import { advance, end, leave, receiveNudge } from "../../../lib/engine/run.ts";
import type { Run } from "../../../lib/engine/run.ts";
import { startMs } from "../memory/clock.ts";
import { runOf } from "../port-values.ts";
import { allOf, freshOwner, ownerOf, usePorts, walk } from "./opened.ts";
import type { OpenPorts } from "./opened.ts";

export function describeRunStore(open: OpenPorts): void {
  describe("runs", () => {
    const opened = usePorts(open);
    const runs = () => opened().ports.runs;

    it("come back as they were stored, in every state", async () => {
      const owner = freshOwner();
      const began = runOf(owner);
      const verdict = receiveNudge(began, { sequence: 0, nudgeId: "nudge-1" }, "worker-1", startMs);
      if (verdict.kind !== "take") throw new Error("a fresh run can be taken");
      const states: Run[] = [began, verdict.run];
      const position = { kind: "open", cursor: { after: "x", page: 2, none: null }, handled: ["a", "b"] } as const;
      states.push(advance(verdict.run, position, { ...began.progress, pages: 1, total: 7 }, "worker-1", startMs));
      states.push(
        leave(
          states[2] ?? began,
          { nudgeId: "nudge-2", notBeforeMs: startMs + 5, waiting: "limit", failed: true },
          startMs,
        ),
      );
      states.push(end(states[3] ?? began, { kind: "failed", atMs: startMs, failureId: "run-1", code: "bad" }, startMs));
      for (const [index, state] of states.entries()) {
        expect(await (index === 0 ? runs().create(state) : runs().compareAndSet(state))).toBe(
          index === 0 ? "created" : "stored",
        );
        expect(await runs().read(owner.partner, owner.connectionId, "run-1")).toEqual(state);
      }
    });

    it("that exist are left as they are by another create, and nothing is found where nothing is", async () => {
      const owner = freshOwner();
      expect(await runs().create(runOf(owner))).toBe("created");
      expect(await runs().create(runOf(owner, { resource: "others" }))).toBe("exists");
      expect(await runs().read(owner.partner, owner.connectionId, "run-1")).toEqual(runOf(owner));
      expect(await runs().read(owner.partner, owner.connectionId, "run-2")).toBeNull();
    });

    it("move on only from the revision that is stored", async () => {
      const owner = freshOwner();
      await runs().create(runOf(owner));
      expect(await runs().compareAndSet(runOf(owner, { revision: 3 }))).toBe("superseded");
      expect(await runs().compareAndSet(runOf(owner, { revision: 1 }))).toBe("superseded");
      expect(await runs().compareAndSet(runOf(owner, { runId: "never-made", revision: 2 }))).toBe("superseded");
      expect(await runs().read(owner.partner, owner.connectionId, "never-made")).toBeNull();
      expect(await runs().compareAndSet(runOf(owner, { revision: 2 }))).toBe("stored");
    });

    it("are won by one of many who move them at once", async () => {
      const owner = freshOwner();
      await runs().create(runOf(owner));
      const results = await allOf(8, (index) =>
        runs().compareAndSet(runOf(owner, { revision: 2, trace: `writer-${index}` })),
      );
      expect(results.filter((result) => result === "stored")).toHaveLength(1);
      const winner = results.indexOf("stored");
      expect((await runs().read(owner.partner, owner.connectionId, "run-1"))?.trace).toBe(`writer-${winner}`);
    });
  });

  describeStandstill(open);
  describeRunLists(open);
}

function describeStandstill(open: OpenPorts): void {
  describe("runs of a partner", () => {
    const opened = usePorts(open);
    const runs = () => opened().ports.runs;

    it("that stand still are found over all connections of the partner, oldest first, as many as asked for", async () => {
      const { partner } = freshOwner();
      const looks = [70, 10, 50, 30, 60, 20, 40, 80];
      await allOf(looks.length, (index) =>
        runs().create(runOf(ownerOf(partner, index), { nextLookMs: startMs + (looks[index] ?? 0) })),
      );
      await runs().create(runOf(freshOwner(), { nextLookMs: startMs }));
      const found = await runs().standingStill(partner, startMs + 60, 4);
      expect(found.map((run) => run.nextLookMs - startMs)).toEqual([10, 20, 30, 40]);
      const all = await runs().standingStill(partner, startMs + 60, 100);
      expect(all.map((run) => run.nextLookMs - startMs)).toEqual([10, 20, 30, 40, 50, 60]);
    });

    it("leave the index of those that stand still when they move or end", async () => {
      const owner = freshOwner();
      const run = runOf(owner, { nextLookMs: startMs });
      await runs().create(run);
      const still = async () => (await runs().standingStill(owner.partner, startMs, 10)).length;
      expect(await still()).toBe(1);
      const moved = { ...run, revision: 2, nextLookMs: startMs + 1_000 };
      await runs().compareAndSet(moved);
      expect(await still()).toBe(0);
      expect(await runs().standingStill(owner.partner, startMs + 1_000, 10)).toEqual([moved]);
      await runs().compareAndSet(end(moved, { kind: "done", atMs: startMs }, startMs));
      expect(await runs().standingStill(owner.partner, startMs + 1_000_000, 10)).toEqual([]);
    });
  });
}

function describeRunLists(open: OpenPorts): void {
  describe("runs of a connection", () => {
    const opened = usePorts(open);
    const runs = () => opened().ports.runs;

    it("are listed newest first, forward and back, with their total", async () => {
      const owner = freshOwner();
      const order = [3, 1, 4, 0, 2];
      await allOf(order.length, (index) =>
        runs().create(runOf(owner, { runId: `run-${index}`, startedAtMs: startMs + (order[index] ?? 0) })),
      );
      await runs().create(runOf(freshOwner()));
      const seen = await walk((page) => runs().list(owner.partner, owner.connectionId, page), 2);
      expect(seen.forward.map((run) => run.startedAtMs - startMs)).toEqual([4, 3, 2, 1, 0]);
      expect(seen.back).toEqual(seen.forward);
      expect(seen.total).toBe(5);
      expect(seen.pages).toBe(3);
    });

    it("have an empty list where there are none, and refuse a cursor that is none", async () => {
      const { partner, connectionId } = freshOwner();
      const empty = await runs().list(partner, connectionId, { limit: 10, cursor: null });
      expect(empty).toEqual({ items: [], next: null, previous: null, total: 0 });
      for (const cursor of [
        "",
        "nonsense",
        "e30",
        Buffer.from('{"v":1,"to":"up","after":"x"}').toString("base64url"),
      ]) {
        await expect(async () => runs().list(partner, connectionId, { limit: 10, cursor })).rejects.toBeInstanceOf(
          InvalidCursor,
        );
      }
    });

    it("keep what they have seen in parts, each part once, and apart from the lists of runs", async () => {
      const run = runOf(freshOwner());
      await runs().create(run);
      for (let part = 0; part < 7; part += 1) {
        await runs().noteSeen(run, `worker-${part}`, Uint32Array.of(part, 2 ** 32 - 1 - part), startMs);
        await runs().noteSeen(run, `worker-${part}`, Uint32Array.of(part, 2 ** 32 - 1 - part), startMs);
      }
      await runs().noteSeen({ ...run, runId: "run-2" }, "worker-0", Uint32Array.of(99), startMs);
      const seen: number[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<RunStore["readSeen"]>> = await runs().readSeen(run, after);
        seen.push(...page.bits.flatMap((bits) => [...bits]));
        after = page.next;
      } while (after !== null);
      const expected = Array.from({ length: 7 }, (_, part) => [part, 2 ** 32 - 1 - part]).flat();
      expect(seen.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
      expect(await runs().readSeen({ ...run, runId: "run-3" }, null)).toEqual({ bits: [], next: null });
      expect((await runs().list(run.partner, run.connectionId, { limit: 10, cursor: null })).total).toBe(1);
    });

    it("come back while they look for deletions", async () => {
      const counts = { fetched: 38, part: 1, expected: 40, missing: 2 };
      const sweep = { kind: "sweep", step: "confirm", after: "thing-9", ...counts } as const;
      const run = runOf(freshOwner(), { checkpoint: { position: sweep, sinceMs: null, beganMs: startMs } });
      await runs().create(run);
      expect(await runs().read(run.partner, run.connectionId, run.runId)).toEqual(run);
    });
  });
}
