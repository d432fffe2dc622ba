import * as z from "zod";
import { RunView } from "../api-shapes.ts";
import { HeldView } from "./partner-shapes.ts";

/** What the operator's commands read of the API's answers; with --json the rest is passed on as it came. */

export const StatusView = z.looseObject({
  partners: z.array(
    z.looseObject({
      partner: z.string(),
      health: z.enum(["healthy", "degraded", "down"]),
      why: z.array(z.string()),
      held: z.array(HeldView),
      connections: z.looseObject({ total: z.number() }),
      openFailures: z.looseObject({ total: z.number() }),
      activeRuns: z.number(),
      lastRunAt: z.string().nullable(),
      lastSuccessAt: z.string().nullable(),
    }),
  ),
  complete: z.boolean(),
  looked: z.looseObject({ connections: z.number() }),
});

export const ConnectionView = z.looseObject({
  id: z.string(),
  partner: z.string(),
  tenantId: z.string(),
  name: z.string(),
  account: z.string().nullable(),
  status: z.string(),
  createdAt: z.string(),
});

export const ConnectionWhole = z.looseObject({
  ...ConnectionView.shape,
  webhookPath: z.string().nullable(),
  credential: z
    .looseObject({ storedAt: z.string(), expiresAt: z.string().nullable(), warning: z.string().nullable() })
    .nullable(),
  held: z.array(HeldView),
  resources: z.array(
    z.looseObject({
      resource: z.string(),
      lastSuccessAt: z.string().nullable(),
      lastError: z.looseObject({ at: z.string(), code: z.string() }).nullable(),
      nextDueAt: z.string().nullable(),
      activeRun: z.looseObject({ runId: z.string() }).nullable(),
    }),
  ),
});
export type ConnectionWhole = z.infer<typeof ConnectionWhole>;

export const SyncAnswer = z.looseObject({
  connectionId: z.string(),
  runs: z.array(
    z.looseObject({
      resource: z.string(),
      result: z.enum(["started", "already-running", "refused"]),
      reason: z.string().nullable(),
      runId: z.string().nullable(),
    }),
  ),
});

export const GroupView = z.looseObject({
  partner: z.string(),
  fingerprint: z.string(),
  kind: z.string(),
  code: z.string(),
  place: z.string(),
  message: z.string(),
  means: z.string(),
  toDo: z.string(),
  count: z.number(),
  connections: z.number(),
  statuses: z.record(z.string(), z.number()),
  firstSeenAt: z.string(),
  lastSeenAt: z.string(),
  newest: z.string(),
});
export type GroupView = z.infer<typeof GroupView>;

export const FailureWhole = z.looseObject({
  id: z.string(),
  status: z.string(),
  kind: z.string(),
  code: z.string(),
  place: z.string(),
  message: z.string(),
  call: z.string().nullable(),
  means: z.string(),
  toDo: z.string(),
  fingerprint: z.string(),
  job: z.looseObject({ work: z.string(), attempts: z.number(), trace: z.string() }).nullable(),
  firstSeenAt: z.string(),
  lastSeenAt: z.string(),
  seen: z.number(),
  replays: z.number(),
});
export type FailureWhole = z.infer<typeof FailureWhole>;

const Refused = z.array(z.object({ id: z.string(), reason: z.string() }));
export const ActAnswer = z.object({
  replayed: z.array(z.string()).optional(),
  discarded: z.array(z.string()).optional(),
  wouldReplay: z.array(z.string()).optional(),
  wouldDiscard: z.array(z.string()).optional(),
  refused: Refused,
  more: z.boolean(),
});

export const HistoryAnswer = z.looseObject({
  current: z.looseObject({ version: z.number(), deleted: z.boolean() }).nullable(),
  items: z.array(
    z.looseObject({
      version: z.number(),
      change: z.string(),
      changed: z.array(z.string()),
      source: z.object({ kind: z.string(), id: z.string() }),
      fetchedAt: z.string(),
      writtenAt: z.string(),
    }),
  ),
  more: z.boolean(),
});

const Depth = z.object({ waiting: z.number(), inFlight: z.number(), delayed: z.number() });
export const WaitingAnswer = z.looseObject({
  connectionId: z.string(),
  status: z.string(),
  resources: z.array(
    z.looseObject({
      resource: z.string(),
      standing: z.string(),
      why: z.string(),
      nextDueAt: z.string().nullable(),
      run: z.looseObject({ runId: z.string(), notBefore: z.string() }).nullable(),
    }),
  ),
  limit: z.object({ heldUntil: z.string().nullable(), limitsInUse: z.number() }),
  lanes: z.object({ webhooks: Depth, imports: Depth }),
  held: z.array(HeldView),
  breaker: z.looseObject({
    state: z.enum(["closed", "open", "half-open"]),
    scope: z.string().nullable(),
    since: z.string().nullable(),
    nextProbeAt: z.string().nullable(),
  }),
});
export type WaitingAnswer = z.infer<typeof WaitingAnswer>;

/** A run and whose it is. */
export const OwnedRun = z.looseObject({
  ...RunView.shape,
  connectionId: z.string(),
  partner: z.string(),
  trigger: z.string(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  failure: z.looseObject({ code: z.string() }).nullable(),
});
export type OwnedRun = z.infer<typeof OwnedRun>;
