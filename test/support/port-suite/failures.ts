import { describe, expect, it } from "vitest";
import { InvalidCursor } from "../../../lib/engine/page-cursor.ts";
import { startMs } from "../memory/clock.ts";
import { failureOf, giveUpFor, webhookJob } from "../port-values.ts";
import { allOf, freshOwner, knownPartners, ownerOf, usePorts, walk } from "./opened.ts";
import type { OpenPorts } from "./opened.ts";

export function describeFailureStore(open: OpenPorts): void {
  describe("failures", () => {
    const opened = usePorts(open);
    const failures = () => opened().ports.failures;

    it("come back as they were recorded: a job's, and a message's that was none", async () => {
      const owner = freshOwner();
      const job = failureOf(owner);
      const message = failureOf(
        { ...owner, connectionId: "-" },
        { failureId: "message-1", job: null, raw: "what came" },
      );
      for (const failure of [job, message]) {
        await failures().record(failure);
        expect(await failures().read(failure.partner, failure.connectionId, failure.failureId)).toEqual(failure);
      }
      expect(await failures().read(owner.partner, owner.connectionId, "failure-2")).toBeNull();
    });

    it("that are open and were last seen before a time are found by how their ids begin, and closed unless seen since", async () => {
      const owner = freshOwner();
      const at = (failureId: string, lastSeenAtMs: number) => failureOf(owner, { failureId, lastSeenAtMs });
      for (const [id, seenMs] of [
        ["record-a-2", 20],
        ["record-a-1", 10],
        ["record-b-1", 10],
        ["record-a-3", 30],
      ] as const)
        await failures().record(at(id, startMs + seenMs));
      await failures().record(at("record-a-0", startMs));
      await failures().move(at("record-a-0", startMs), ["open"], "discarded", startMs);
      const { partner, connectionId } = owner;
      const find = (limit: number) =>
        failures().openBefore({ partner, connectionId, idPrefix: "record-a-" }, startMs + 30, limit);
      const found = await find(9);
      expect(found).toEqual([
        { partner, connectionId, failureId: "record-a-1", lastSeenAtMs: startMs + 10 },
        { partner, connectionId, failureId: "record-a-2", lastSeenAtMs: startMs + 20 },
      ]);
      expect(await find(1)).toHaveLength(1);
      const [first] = found;
      if (first === undefined) throw new Error("one is there");
      await failures().record(at("record-a-1", startMs + 40));
      expect(await failures().move(first, ["open"], "resolved", startMs, first.lastSeenAtMs)).toBe("not-there");
      expect(await failures().move(first, ["open"], "resolved", startMs, startMs + 40)).toBe("moved");
    });

    it("that come back are counted and open again, with their latest reasons and their first time", async () => {
      const owner = freshOwner();
      await failures().record(failureOf(owner));
      await failures().move(failureOf(owner), ["open"], "replaying", startMs);
      const again = failureOf(owner, {
        why: giveUpFor("worse"),
        firstSeenAtMs: startMs + 9,
        lastSeenAtMs: startMs + 9,
      });
      await failures().record(again);
      expect(await failures().read(owner.partner, owner.connectionId, "failure-1")).toEqual({
        ...again,
        firstSeenAtMs: startMs,
        seen: 2,
        replays: 1,
      });
    });
  });

  describeFailureMoves(open);

  describeFailureLists(open);
}

function describeFailureMoves(open: OpenPorts): void {
  describe("failures in hand", () => {
    const opened = usePorts(open);
    const failures = () => opened().ports.failures;

    it("move only from where they are said to stand", async () => {
      const owner = freshOwner();
      const failure = failureOf(owner);
      expect(await failures().move(failure, ["open"], "resolved", startMs)).toBe("not-there");
      await failures().record(failure);
      expect(await failures().move(failure, ["replaying", "discarded"], "resolved", startMs)).toBe("not-there");
      expect(await failures().move(failure, [], "resolved", startMs)).toBe("not-there");
      expect(await failures().move(failure, ["replaying", "open"], "replaying", startMs)).toBe("moved");
      expect(await failures().move(failure, ["replaying"], "replaying", startMs)).toBe("moved");
      expect(await failures().move(failure, ["replaying"], "resolved", startMs)).toBe("moved");
      expect(await failures().read(owner.partner, owner.connectionId, "failure-1")).toEqual({
        ...failure,
        status: "resolved",
        replays: 2,
      });
    });

    it("are moved by one of many at once", async () => {
      const owner = freshOwner();
      await failures().record(failureOf(owner));
      const results = await allOf(6, () => failures().move(failureOf(owner), ["open"], "replaying", startMs));
      expect(results.filter((result) => result === "moved")).toHaveLength(1);
      expect((await failures().read(owner.partner, owner.connectionId, "failure-1"))?.replays).toBe(1);
    });

    it("keep a job whole that is too large for an item", async () => {
      const owner = freshOwner();
      const work = { ...webhookJob(owner).work, body: { kind: "text", text: "x".repeat(500_000) } } as const;
      const failure = failureOf(owner, {
        job: webhookJob(owner, { work: { ...work, kind: "webhook", receivedAtMs: 1, contentType: "" } }),
      });
      await failures().record(failure);
      expect(await failures().read(owner.partner, owner.connectionId, "failure-1")).toEqual(failure);
    });
  });
}

function describeFailureLists(open: OpenPorts): void {
  describe("lists of failures", () => {
    const opened = usePorts(open);
    const failures = () => opened().ports.failures;

    it("hold a partner's or a connection's, newest first, of one status or of all, forward and back", async () => {
      const { partner } = freshOwner();
      const order = [4, 1, 6, 0, 3, 7, 2, 5];
      for (const [index, age] of order.entries()) {
        const owner = ownerOf(partner, index % 2);
        await failures().record(failureOf(owner, { failureId: `failure-${age}`, lastSeenAtMs: startMs + age }));
        if (age % 3 === 0)
          await failures().move({ ...owner, failureId: `failure-${age}` }, ["open"], "discarded", startMs);
      }
      await failures().record(failureOf(freshOwner()));
      const ages = async (filter: Parameters<ReturnType<typeof failures>["list"]>[0]) => {
        const seen = await walk((page) => failures().list(filter, page), 3);
        expect(seen.back).toEqual(seen.forward);
        expect(seen.total).toBe(seen.forward.length);
        return seen.forward.map((failure) => failure.lastSeenAtMs - startMs);
      };
      const first = ownerOf(partner, 0).connectionId;
      expect(await ages({ partner })).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
      expect(await ages({ partner, status: "open" })).toEqual([7, 5, 4, 2, 1]);
      expect(await ages({ partner, status: "discarded" })).toEqual([6, 3, 0]);
      expect(await ages({ partner, status: "replaying" })).toEqual([]);
      expect(await ages({ partner, connectionId: first })).toEqual([6, 4, 3, 2]);
      expect(await ages({ connectionId: first, status: "discarded" })).toEqual([6, 3]);
    });

    it("hold those of all partners of the deployment where none is named", async () => {
      const [a, b] = knownPartners;
      await failures().record(failureOf(ownerOf(a, 1), { failureId: "a-1", lastSeenAtMs: startMs + 1 }));
      await failures().record(failureOf(ownerOf(b, 1), { failureId: "b-2", lastSeenAtMs: startMs + 2 }));
      await failures().record(
        failureOf({ partner: a, connectionId: "-" }, { failureId: "a-3", lastSeenAtMs: startMs + 3 }),
      );
      const seen = await walk((page) => failures().list({ status: "open" }, page), 2);
      const known = seen.forward.filter((failure) => failure.partner === a || failure.partner === b);
      expect(known.map((failure) => failure.failureId)).toEqual(["a-3", "b-2", "a-1"]);
      expect(seen.back).toEqual(seen.forward);
    });

    it("refuse a cursor that is none", async () => {
      const { partner } = freshOwner();
      const list = async () => failures().list({ partner }, { limit: 5, cursor: "?" });
      await expect(list).rejects.toBeInstanceOf(InvalidCursor);
    });
  });
}
