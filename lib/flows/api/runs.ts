import * as z from "zod";
import type { Run } from "../../engine/run.ts";
import { findConnection } from "./find-connection.ts";
import { pageFields, pageOf, pageRequestOf } from "./page-query.ts";
import { notFound } from "./problem.ts";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";

export const runRoutes = [
  route({
    method: "GET",
    path: "/connections/{id}/runs",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject(pageFields),
    handle: async (ports, { params, query }) => {
      const { partner, connectionId } = await findConnection(ports, params.id);
      return { status: 200, data: pageOf(await ports.runs.list(partner, connectionId, pageRequestOf(query)), runView) };
    },
  }),
  route({
    method: "GET",
    path: "/connections/{id}/runs/{runId}",
    needs: "viewer",
    reach: "tenant",
    query: z.strictObject({}),
    handle: async (ports, { params }) => {
      const { partner, connectionId } = await findConnection(ports, params.id);
      const run = await ports.runs.read(partner, connectionId, params.runId);
      if (run === null) throw notFound("such run of this connection");
      return { status: 200, data: runView(run) };
    },
  }),
];

export function runView(run: Run): Readonly<Record<string, unknown>> {
  const { status } = run;
  return {
    runId: run.runId,
    resource: run.resource,
    mode: run.mode,
    trigger: run.trigger,
    status: status.kind,
    /** What it waits for, while it is active. */
    waiting: status.kind === "active" ? status.waiting : null,
    endedAt: status.kind === "active" ? null : isoTime(status.atMs),
    failure: status.kind === "failed" ? { failureId: status.failureId, code: status.code } : null,
    progress: run.progress,
    attempts: run.attempts,
    since: isoTime(run.checkpoint.sinceMs),
    notBefore: isoTime(run.notBeforeMs),
    startedAt: isoTime(run.startedAtMs),
    updatedAt: isoTime(run.updatedAtMs),
    trace: run.trace,
  };
}
