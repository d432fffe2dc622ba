import * as z from "zod";

const sources = z.object({ kind: z.enum(["webhook", "run"]), id: z.string() });

const RecordDetail = z.object({
  id: z.string(),
  partner: z.string(),
  connectionId: z.string(),
  tenantId: z.string().nullable(),
  resource: z.string(),
  externalId: z.string(),
  model: z.string(),
  version: z.int().min(1),
  restored: z.boolean(),
  changed: z.array(z.string()),
  source: sources,
  data: z.record(z.string(), z.unknown()).nullable(),
});

const ConnectionDetail = z.object({
  id: z.string(),
  partner: z.string(),
  connectionId: z.string(),
  tenantId: z.string(),
  name: z.string(),
  status: z.enum(["active", "paused", "needs-reconnect"]).nullable(),
});

const FailureDetail = z.object({
  id: z.string(),
  partner: z.string(),
  connectionId: z.string(),
  failureId: z.string(),
  fingerprint: z.string(),
  kind: z.string(),
  code: z.string(),
  place: z.string(),
  seen: z.int(),
});

/** EventBridge's envelope: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html */
const Envelope = z.discriminatedUnion("detail-type", [
  z.object({
    "detail-type": z.enum(["record.created", "record.updated", "record.deleted"]),
    time: z.string(),
    detail: RecordDetail,
  }),
  z.object({
    "detail-type": z.enum([
      "connection.created",
      "connection.updated",
      "connection.resumed",
      "connection.paused",
      "connection.needs-reconnect",
      "connection.removed",
    ]),
    time: z.string(),
    detail: ConnectionDetail,
  }),
  z.object({
    "detail-type": z.enum(["failure.opened", "failure.resolved", "failure.discarded"]),
    time: z.string(),
    detail: FailureDetail,
  }),
]);

type Wrapped = z.infer<typeof Envelope>;
type Unwrapped<Event> = Event extends { "detail-type": infer Type; detail: infer Detail }
  ? { readonly type: Type; readonly id: string; readonly at: string; readonly detail: Detail }
  : never;

/** One change, as a consumer reads it. */
export type ReceivedChange = Unwrapped<Wrapped>;

/**
 * Reads an event from the body of a queue's message. Throws a `ZodError` for what is no event of Sluice's.
 *
 * @example
 * const change = readChangeEvent(message.body);
 * if (change.type === "record.deleted") await forget(change.detail.externalId);
 */
export function readChangeEvent(body: string): ReceivedChange {
  const { "detail-type": type, time, detail } = Envelope.parse(JSON.parse(body));
  // One member of the envelope's union in, the same member out: TypeScript does not follow a union through its parts.
  return { type, id: detail.id, at: time, detail } as ReceivedChange;
}
