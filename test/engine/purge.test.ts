import { describe, expect, test } from "vitest";
import type { StaleBefore } from "../../lib/engine/control.ts";
import type { Job } from "../../lib/engine/job.ts";
import { isPurged, isPurgedFor, withoutPurge, withPurge } from "../../lib/engine/purge.ts";
import { webhookJob } from "../support/port-values.ts";

const atMs = 1_000_000_000_000;
const dayMs = 86_400_000;
const owner = { partner: "acme", connectionId: "acme_1" };
const mark = (changes: Partial<StaleBefore> = {}): StaleBefore => ({ atMs, resource: null, lane: null, ...changes });
const webhook = (createdAtMs: number): Job => webhookJob(owner, { createdAtMs });

function refresh(resource: string): Job {
  const work = { kind: "refresh", resource, externalId: "1" } as const;
  return webhookJob(owner, { createdAtMs: atMs - 1, lane: "imports", work });
}

describe("a purge", () => {
  test("takes what was made before it, and nothing since", () => {
    expect(isPurged([mark()], webhook(atMs - 1))).toBe(true);
    expect(isPurged([mark()], webhook(atMs))).toBe(false);
    expect(isPurged([], webhook(0))).toBe(false);
  });

  test("of one lane leaves the other", () => {
    expect(isPurged([mark({ lane: "webhooks" })], webhook(0))).toBe(true);
    expect(isPurged([mark({ lane: "imports" })], webhook(0))).toBe(false);
  });

  test("of one resource leaves a webhook to be read, and takes of it what it touches there", () => {
    const marks = [mark({ resource: "orders" })];
    expect(isPurged(marks, webhook(0))).toBe(false);
    expect([isPurgedFor(marks, webhook(0), "orders"), isPurgedFor(marks, webhook(0), "guests")]).toEqual([true, false]);
    expect([isPurged(marks, refresh("orders")), isPurged(marks, refresh("guests"))]).toEqual([true, false]);
  });

  test("never takes a nudge or a canary: a run would stand still, a lane seem dead", () => {
    const push = { kind: "push", runId: "orders-1", sequence: 0, nudgeId: "n" } as const;
    for (const work of [push, { kind: "canary", sentAtMs: 0 } as const])
      expect(isPurged([mark()], webhookJob(owner, { createdAtMs: 0, work }))).toBe(false);
  });
});

describe("marks", () => {
  test("of a resource are replaced by a later one, and forgotten when no job can be so old", () => {
    const first = withPurge([], ["orders", "guests"], atMs);
    const second = withPurge(first, ["orders"], atMs + dayMs);
    expect(second).toEqual([mark({ resource: "guests" }), mark({ resource: "orders", atMs: atMs + dayMs })]);
    expect(withPurge(second, ["orders"], atMs + 7 * dayMs)).toEqual([
      mark({ resource: "orders", atMs: atMs + 7 * dayMs }),
    ]);
  });

  test("of all resources take the place of every other", () => {
    expect(withPurge(withPurge([], ["orders"], atMs), null, atMs + 1)).toEqual([mark({ atMs: atMs + 1 })]);
  });

  test("are taken back", () => {
    const marks = withPurge([mark()], ["orders", "guests"], atMs);
    expect(withoutPurge(marks, ["orders"])).toEqual([mark(), mark({ resource: "guests" })]);
    expect(withoutPurge(marks, null)).toEqual([]);
  });
});
