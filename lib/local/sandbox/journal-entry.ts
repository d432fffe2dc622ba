import * as z from "zod";

/** Type, id and revision of one object of the partner: what an answer or a webhook carried. */
export const Reference = z.tuple([z.string(), z.string(), z.int()]);
export type Reference = z.infer<typeof Reference>;

/** What was done to a webhook on purpose. `none` is an honest delivery, late ones and copies are honest too. */
export const Trick = z.enum([
  "none",
  "duplicate",
  "reorder",
  "bad-signature",
  "changed-byte",
  "stale-timestamp",
  "unsigned",
]);
export type Trick = z.infer<typeof Trick>;

/** One webhook to be delivered to one endpoint. */
export const Delivery = z.object({
  id: z.string(),
  account: z.string(),
  endpoint: z.string(),
  url: z.string(),
  eventId: z.string(),
  object: Reference,
  body: z.string(),
  trick: Trick,
  dueAtMs: z.number(),
});
export type Delivery = z.infer<typeof Delivery>;

/** The new state of one object; `about` names the object that it speaks of (an event's), with its revision then. */
export const Put = z.object({
  type: z.string(),
  id: z.string(),
  revision: z.int().min(1),
  deleted: z.boolean(),
  state: z.record(z.string(), z.unknown()),
  about: Reference.nullable(),
});
export type Put = z.infer<typeof Put>;

/** The first answer given under an idempotency key. */
export const SavedAnswer = z.object({ key: z.string(), fingerprint: z.string(), status: z.int(), body: z.unknown() });
export type SavedAnswer = z.infer<typeof SavedAnswer>;

/**
 * Everything that a sandbox remembers, in the order in which it happened. A change is one line with its objects,
 * its webhooks and its idempotency key, so that no kill can part them.
 */
export const JournalEntry = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("change"),
    atMs: z.number(),
    account: z.string(),
    puts: z.array(Put),
    deliveries: z.array(Delivery),
    saved: SavedAnswer.nullable(),
    write: z.object({ endpoint: z.string(), idempotencyKey: z.string().nullable() }).nullable(),
  }),
  z.object({
    kind: z.literal("answer"),
    number: z.int(),
    atMs: z.number(),
    account: z.string().nullable(),
    method: z.string(),
    template: z.string(),
    query: z.string(),
    status: z.int(),
    references: z.array(Reference),
    snapshots: z.array(Reference),
    single: z.boolean(),
    deliberate: z.string().nullable(),
    scopes: z.array(z.string()),
  }),
  z.object({ kind: z.literal("written"), number: z.int(), atMs: z.number(), complete: z.boolean() }),
  z.object({
    kind: z.literal("violation"),
    atMs: z.number(),
    account: z.string(),
    endpoint: z.string(),
    scope: z.string(),
    limit: z.number(),
    windowMs: z.number().nullable(),
    count: z.int(),
  }),
  z.object({ kind: z.literal("attempt"), atMs: z.number(), delivery: z.string(), attempt: z.int() }),
  z.object({
    kind: z.literal("result"),
    atMs: z.number(),
    delivery: z.string(),
    attempt: z.int(),
    status: z.int().nullable(),
    final: z.boolean(),
  }),
]);
export type JournalEntry = z.infer<typeof JournalEntry>;
export type EntryOf<K extends JournalEntry["kind"]> = Extract<JournalEntry, { kind: K }>;
