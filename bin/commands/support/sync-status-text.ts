import * as z from "zod";
import { table } from "./table.ts";
import { relative } from "./times.ts";

const Progress = z.looseObject({ pages: z.number(), fetched: z.number(), total: z.number().nullable() });

export const SyncStatus = z.looseObject({
  connectionId: z.string(),
  partner: z.string(),
  tenantId: z.string(),
  status: z.string(),
  resources: z.array(
    z.looseObject({
      resource: z.string(),
      lastSuccessAt: z.string().nullable(),
      lastError: z.looseObject({ at: z.string(), code: z.string() }).nullable(),
      lagMs: z.number().nullable(),
      nextDueAt: z.string().nullable(),
      activeRun: z.looseObject({ mode: z.string(), progress: Progress }).nullable(),
      lastRun: z
        .looseObject({
          mode: z.string(),
          outcome: z.string(),
          durationMs: z.number(),
          added: z.number(),
          updated: z.number(),
          deleted: z.number(),
          unchanged: z.number(),
          parked: z.number(),
        })
        .nullable(),
      alerts: z.array(z.string()),
    }),
  ),
});
type Resource = z.infer<typeof SyncStatus>["resources"][number];

/** How a connection's imports stand, for people. */
export function syncStatusText(status: z.infer<typeof SyncStatus>, nowMs: number): string {
  const titles = ["resource", "last success", "lag", "next", "running", "last run", "last error", "wants a person"];
  const rows = status.resources.map((each) => [
    each.resource,
    relative(each.lastSuccessAt, nowMs),
    each.lagMs === null ? null : durationText(each.lagMs),
    relative(each.nextDueAt, nowMs),
    runningText(each.activeRun),
    lastRunText(each.lastRun),
    each.lastError === null ? null : `${each.lastError.code}, ${relative(each.lastError.at, nowMs)}`,
    each.alerts.join(", "),
  ]);
  const head = `${status.connectionId}\n${status.partner} of tenant ${status.tenantId}, ${status.status}\n\n`;
  return head + table(titles, rows, "No resources.");
}

function runningText(run: Resource["activeRun"]): string | null {
  if (run === null) return null;
  const { fetched, total, pages } = run.progress;
  return `${run.mode}, ${fetched}${total === null ? "" : ` of ${total}`} on ${pages} pages`;
}

function lastRunText(run: Resource["lastRun"]): string | null {
  if (run === null) return null;
  const { added, updated, deleted, unchanged, parked } = run;
  const counts = { added, updated, deleted, unchanged, parked };
  const told = Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [] : [`${count} ${name}`]));
  return `${run.mode} ${run.outcome} in ${durationText(run.durationMs)}: ${told.join(", ") || "nothing there"}`;
}

function durationText(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
