import * as z from "zod";
import { Job } from "../../../lib/engine/job.ts";
import type { Connection } from "../../../lib/engine/ports.ts";
import type { ApiClient } from "../api-client.ts";

/** Everything of a failure that its job needs to be run again, as the API tells it to an operator. */
export interface FetchedFailure {
  readonly id: string;
  readonly failureId: string;
  readonly partner: string;
  readonly code: string;
  readonly message: string;
  readonly job: Job;
  /** The thing that did not fit, as far as it was kept. */
  readonly raw: string | null;
  readonly connection: Connection | null;
  /** Of a failed import: which, and since when changes were asked for. */
  readonly run: z.infer<typeof RunView> | null;
}

const FailureDetail = z.object({
  id: z.string(),
  failureId: z.string(),
  partner: z.string(),
  connectionId: z.string().nullable(),
  code: z.string(),
  message: z.string(),
  raw: z.string().nullable(),
  /** The whole job; beside it `job` is a summary for people. */
  payload: z.unknown(),
});

const ConnectionView = z.object({
  id: z.string(),
  partner: z.string(),
  tenantId: z.string(),
  name: z.string(),
  account: z.string().nullable(),
  settings: z.record(z.string(), z.string()),
  status: z.enum(["active", "paused", "needs-reconnect"]),
});

const RunView = z.object({ resource: z.string(), mode: z.enum(["full", "incremental"]), since: z.string().nullable() });

/** @throws Error that says what is missing, when the API does not tell enough. */
export async function fetchFailure(api: ApiClient, id: string): Promise<FetchedFailure> {
  const failure = await api.get(`/failures/${encodeURIComponent(id)}?payload=true`, FailureDetail);
  const job = Job.safeParse(failure.payload);
  if (!job.success) {
    const why = failure.payload === null ? "it was no job of ours" : "the API does not show its job to this key";
    throw new Error(
      `${id} cannot be run here: ${why}. An operator's key is needed, and a failure that can be replayed.`,
    );
  }
  const { connectionId } = failure;
  const connection =
    connectionId === null ? null : await api.get(`/connections/${encodeURIComponent(connectionId)}`, ConnectionView);
  const { work } = job.data;
  const run =
    work.kind === "push" && connectionId !== null
      ? await api.get(
          `/connections/${encodeURIComponent(connectionId)}/runs/${encodeURIComponent(work.runId)}`,
          RunView,
        )
      : null;
  return { ...failure, job: job.data, connection: connection === null ? null : connectionFrom(connection), run };
}

function connectionFrom({ id, ...view }: z.infer<typeof ConnectionView>): Connection {
  return { ...view, connectionId: id, sealedWebhookSecret: null, revision: 1, createdAtMs: 0, updatedAtMs: 0 };
}
