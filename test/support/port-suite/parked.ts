import { describe, expect, it } from "vitest";
import type { ParkedJobs, Parking } from "../../../lib/engine/ports.ts";
import { startMs } from "../memory/clock.ts";
import { webhookJob } from "../port-values.ts";
import { allOf, freshOwner, ownerOf, usePorts } from "./opened.ts";
import type { OpenPorts } from "./opened.ts";

const far = startMs + 3_600_000;

export function describeParkedJobs(open: OpenPorts): void {
  describeJobs(open);
  describeParkings(open);
}

function describeJobs(open: OpenPorts): void {
  describe("parked jobs", () => {
    const opened = usePorts(open);
    const parked = () => opened().ports.parked;

    it("come back whole, the oldest first, when their connection's time has come", async () => {
      const owner = freshOwner();
      const { partner, connectionId } = owner;
      const jobs = [2, 1, 3].map((age) => webhookJob(owner, { id: `job-${age}`, createdAtMs: startMs + age }));
      for (const job of jobs) await parked().park(job, { connectionId, reason: "connection-paused", untilMs: far });
      expect(await parked().due(partner, far - 1, 10)).toEqual([]);
      expect(await dueOf(parked(), partner, far)).toMatchObject({
        partner,
        connectionId,
        nextLookMs: far,
        revision: 3,
      });
      const listed = await parked().list(partner, connectionId, 10);
      expect(listed.map(({ job }) => job)).toEqual([jobs[1], jobs[0], jobs[2]]);
      expect((await parked().list(partner, connectionId, 2)).map(({ job }) => job.id)).toEqual(["job-1", "job-2"]);
      expect(await parked().count(partner, connectionId)).toBe(3);
      expect(await parked().count(partner, null)).toBe(3);
    });

    it("are kept by claim check when they are too large for an item", async () => {
      const owner = freshOwner();
      const text = JSON.stringify({ note: "ä".repeat(200_000) });
      const work = { kind: "webhook", receivedAtMs: startMs, contentType: "application/json" } as const;
      const job = webhookJob(owner, { work: { ...work, body: { kind: "text", text } } });
      await parked().park(job, { connectionId: owner.connectionId, reason: "connection-paused", untilMs: far });
      const [listed] = await parked().list(owner.partner, owner.connectionId, 10);
      expect(listed?.job).toEqual(job);
    });

    it("take their own place when parked twice, and the former one's removal leaves them", async () => {
      const owner = freshOwner();
      const { partner, connectionId } = owner;
      const at = { connectionId, reason: "connection-breaker", untilMs: far };
      await parked().park(webhookJob(owner), at);
      const [former] = await parked().list(partner, connectionId, 10);
      await parked().park(webhookJob(owner, { attempts: 1 }), at);
      if (former === undefined) throw new Error("it is there");
      await parked().remove(former);
      const [stays, ...others] = await parked().list(partner, connectionId, 10);
      expect([stays?.job.attempts, others]).toEqual([1, []]);
      if (stays !== undefined) await parked().remove(stays);
      expect(await parked().list(partner, connectionId, 10)).toEqual([]);
    });
  });
}

function describeParkings(open: OpenPorts): void {
  describe("parkings", () => {
    const opened = usePorts(open);
    const parked = () => opened().ports.parked;

    it("are put off and ended by one write, unless something was parked meanwhile", async () => {
      const owner = freshOwner();
      const { partner, connectionId } = owner;
      const at = { connectionId, reason: "connection-paused", untilMs: startMs };
      await parked().park(webhookJob(owner), at);
      const seen = await dueOf(parked(), partner, startMs);
      expect(await parked().look(seen, far)).toBe("stored");
      expect(await parked().due(partner, far - 1, 10)).toEqual([]);
      expect(await parked().look(seen, null)).toBe("superseded");
      const later = await dueOf(parked(), partner, far);
      await parked().park(webhookJob(owner, { id: "job-2" }), at);
      expect(await parked().look(later, null)).toBe("superseded");
      expect(await parked().look(await dueOf(parked(), partner, far), null)).toBe("stored");
      expect(await parked().due(partner, far, 10)).toEqual([]);
    });

    it("are looked at at once when woken, and waking where nothing is parked makes nothing", async () => {
      const owner = freshOwner();
      const { partner, connectionId } = owner;
      await parked().wake(partner, connectionId, startMs);
      expect(await parked().due(partner, far, 10)).toEqual([]);
      await parked().park(webhookJob(owner), { connectionId, reason: "connection-paused", untilMs: far });
      await parked().wake(partner, connectionId, startMs);
      expect((await dueOf(parked(), partner, startMs)).connectionId).toBe(connectionId);
    });

    it("of many workers at once are all there, and so is their one parking", async () => {
      const owner = freshOwner();
      const { partner, connectionId } = owner;
      const at = { connectionId, reason: "connection-paused", untilMs: far };
      await allOf(20, (index) => parked().park(webhookJob(owner, { id: `job-${index}` }), at));
      expect(await parked().count(partner, connectionId)).toBe(20);
      expect((await dueOf(parked(), partner, far)).revision).toBe(20);
    });

    it("are no runs, and no other connection's", async () => {
      const owner = freshOwner();
      const { partner, connectionId } = owner;
      await parked().park(webhookJob(owner), { connectionId, reason: "connection-paused", untilMs: startMs });
      const { runs } = opened().ports;
      expect(await runs.standingStill(partner, far, 10)).toEqual([]);
      expect((await runs.list(partner, connectionId, { limit: 10, cursor: null })).items).toEqual([]);
      expect(await parked().list(partner, ownerOf(partner, 2).connectionId, 10)).toEqual([]);
    });
  });
}

async function dueOf(parked: ParkedJobs, partner: string, nowMs: number): Promise<Parking> {
  const [parking, ...others] = await parked.due(partner, nowMs, 10);
  if (parking === undefined || others.length > 0) throw new Error(`not one parking of ${partner}`);
  return parking;
}
