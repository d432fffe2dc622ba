import * as z from "zod";

/** What the command line reads of the API's answers; fields that it does not use are left alone. */
export const ConnectionDetail = z.object({
  id: z.string(),
  partner: z.string(),
  webhookPath: z.string(),
});
export type ConnectionDetail = z.infer<typeof ConnectionDetail>;

export const RunView = z.object({
  runId: z.string(),
  resource: z.string(),
  mode: z.string(),
  status: z.enum(["active", "done", "failed"]),
  waiting: z.string().nullable(),
  progress: z.object({
    pages: z.number(),
    fetched: z.number(),
    created: z.number(),
    updated: z.number(),
    unchanged: z.number(),
    deleted: z.number(),
    parked: z.number(),
    total: z.number().nullable(),
    children: z.record(z.string(), z.object({ parents: z.number(), due: z.number() })).optional(),
  }),
});
export type RunView = z.infer<typeof RunView>;

export const RecordView = z.object({
  externalId: z.string(),
  model: z.string(),
  version: z.number(),
  deleted: z.boolean(),
  data: z.record(z.string(), z.unknown()),
});
export type RecordView = z.infer<typeof RecordView>;

export const FailureView = z.object({
  id: z.string(),
  status: z.string(),
  code: z.string(),
  kind: z.string(),
  place: z.string(),
});
export type FailureView = z.infer<typeof FailureView>;

export const ReplayAnswer = z.object({
  replayed: z.array(z.string()),
  refused: z.array(z.object({ id: z.string(), reason: z.string() })),
  more: z.boolean(),
});
