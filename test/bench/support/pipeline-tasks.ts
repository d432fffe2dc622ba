import * as z from "zod";

/** So many things, numbered from `first`, at most `atOnce` under way. */
const amount = { first: z.int(), count: z.int(), atOnce: z.int() };

export const WebhookTask = z.object({ kind: z.literal("webhooks"), url: z.string(), ...amount });
export type WebhookTask = z.infer<typeof WebhookTask>;

export const BareTask = z.object({
  kind: z.literal("bare"),
  /** Over HTTP in and out, too. */
  wholeWay: z.boolean(),
  endpoint: z.string(),
  queueUrl: z.string(),
  table: z.string(),
  credentials: z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }),
  ...amount,
});
export type BareTask = z.infer<typeof BareTask>;

/** What the bench asks of the client's process. */
export const Task = z.discriminatedUnion("kind", [WebhookTask, BareTask]);
export type Task = z.infer<typeof Task>;

/** What the client's process says. */
export const ClientMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("listening"), url: z.string() }),
  z.object({ kind: z.literal("done") }),
  z.object({ kind: z.literal("failed"), error: z.string() }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;
