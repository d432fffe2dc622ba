import * as z from "zod";
import { keptHeaderCharsMax } from "./webhooks/kept-headers.ts";

/** One message on a lane. State lives in the tables: a job is a nudge, except a webhook's, which carries the only copy of its payload. */
// Lazy: the webhook function makes jobs and never reads one, and building this schema would be a tenth of its cold start.
export const Job = z.lazy(() =>
  z.strictObject({
    version: z.literal(1),
    id: z.string().min(1).max(200),
    partner: z.string().min(1).max(40),
    /** null: the connection is in the payload (one endpoint for many accounts). */
    connectionId: z.string().min(1).max(80).nullable(),
    lane: z.enum(["webhooks", "imports"]),
    /** Failures so far; a wait costs none. */
    attempts: z.int().min(0).max(100),
    /** Times this job was sent again, for whatever reason: bounds a job that waits for ever. */
    hops: z.int().min(0).max(1000),
    createdAtMs: z.int().min(0),
    /** After this the job is stale: skipped and counted. */
    expiresAtMs: z.int().min(0),
    trace: z.string().min(1).max(200),
    /** The failure that this job tries again; its success closes the failure. */
    replayOf: z.string().max(200).nullable(),
    work: z.discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("webhook"),
        receivedAtMs: z.int().min(0),
        contentType: z.string().max(200),
        /** What the driver keeps of the request's headers (`keepHeaders`), under lower-case names; absent where it keeps none. */
        headers: z.record(z.string().max(80), z.string().max(keptHeaderCharsMax)).exactOptional(),
        /** The job of the whole post, where this is one account's part of it: the body is that part, as JSON. */
        partOf: z.string().max(200).exactOptional(),
        body: z.discriminatedUnion("kind", [
          z.strictObject({ kind: z.literal("text"), text: z.string() }),
          z.strictObject({ kind: z.literal("base64"), base64: z.string() }),
          /** Too large for the queue: the bytes are in the claim-check bucket under their own hash. */
          z.strictObject({ kind: z.literal("claim"), key: z.string(), bytes: z.int().min(0) }),
        ]),
      }),
      z.strictObject({
        kind: z.literal("push"),
        runId: z.string().min(1).max(200),
        sequence: z.int().min(0),
        nudgeId: z.string().min(1).max(200),
      }),
      /** One thing to fetch again: how a parked record is tried anew. */
      z.strictObject({
        kind: z.literal("refresh"),
        resource: z.string().min(1).max(80),
        externalId: z.string().min(1).max(500),
      }),
      /** The next step of an attempt to give a connection a credential: no code, token or key is in the message. */
      z.strictObject({ kind: z.literal("try-credential"), attemptId: z.string().min(1).max(80) }),
      /** The connection's registration of webhooks is to be made what is wished: the wish is in the table. */
      z.strictObject({ kind: z.literal("subscription") }),
      /** The connection's token to be given back, as it is being removed: that it is wished is in the table. */
      z.strictObject({ kind: z.literal("revoke-credential") }),
      /** A comparison of some records with the partner to go on with: which, and what came of them, is in the table. */
      z.strictObject({
        kind: z.literal("compare"),
        resource: z.string().min(1).max(80),
        comparisonId: z.string().min(1).max(80),
      }),
      /** Nothing to do but to be consumed: how it is known that a lane is worked, and how old what waits on it is. */
      z.strictObject({ kind: z.literal("canary"), sentAtMs: z.int().min(0) }),
    ]),
  }),
);

export type Job = z.infer<typeof Job>;
export type Lane = Job["lane"];
export type Work = Job["work"];
export type WebhookWork = Extract<Work, { kind: "webhook" }>;
export type PushWork = Extract<Work, { kind: "push" }>;
export type CanaryWork = Extract<Work, { kind: "canary" }>;
export type AttemptWork = Extract<Work, { kind: "try-credential" }>;
export type CompareWork = Extract<Work, { kind: "compare" }>;
export type RefreshWork = Extract<Work, { kind: "refresh" }>;

export const lanes: readonly Lane[] = ["webhooks", "imports"];

/** A webhook outlives a long outage of ours: SQS keeps a message 7 days, and so does the job in it. */
export const webhookExpiryMs = 7 * 86_400_000;
/** A nudge is cheap to make again, so an old one is worth nothing. */
export const nudgeExpiryMs = 86_400_000;
/** Bounds a job that only ever waits: at the longest delay this is two days. */
export const hopsMax = 200;
