import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { ApiClient } from "./api-client.ts";
import { flag } from "./command.ts";
import type { Command, Values } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { connectionIdOf } from "./support/find-connection.ts";
import { followRuns } from "./support/follow-runs.ts";
import { countOf } from "./support/numbers.ts";
import { print } from "./support/print.ts";
import { createRedraw } from "./support/redraw.ts";
import { ConnectionView, OwnedRun } from "./support/shapes.ts";
import { table } from "./support/table.ts";
import { relative } from "./support/times.ts";
import { UsageError } from "./usage-error.ts";

const lookEveryMs = 1_000;
/** Without a connection the newest runs of so many are shown. */
const connectionsMax = 100;

export const runsCommand: Command = {
  name: "runs",
  summary: "the imports of a connection, or of all; --follow shows them as they go",
  help: `Usage: npm run sluice -- runs [<connection>] [options]

The newest runs of one connection, or of each of the first ${connectionsMax}. With --follow the runs that are active now, a
bar each, until all of them have ended: exit 1 when one failed.

Options
  --follow          stay until the active runs have ended
  --limit <count>   runs a connection (default 10)
${apiHelp}

Examples
  npm run sluice -- runs stripe
  npm run sluice -- runs stripe --follow
  npm run sluice -- runs --limit 1 --json
`,
  options: { ...apiOptions, follow: { type: "boolean" }, limit: { type: "string" } },
  async run(values, positionals) {
    const [said, ...more] = positionals;
    if (more.length > 0) throw new UsageError("Usage: npm run sluice -- runs [<connection>] [options]");
    const api = apiOf(values);
    const limit = countOf(values, "limit", 10, 100);
    const runs = await readRuns(api, said === undefined ? null : await connectionIdOf(api, said), limit);
    if (flag(values, "follow")) return follow(api, values, runs);
    print(values, { items: runs }, () => runsText(runs, Date.now()));
    return 0;
  },
};

async function readRuns(api: ApiClient, connectionId: string | null, limit: number): Promise<readonly OwnedRun[]> {
  const owners =
    connectionId === null
      ? (await api.list("/connections", ConnectionView, connectionsMax)).slice(0, connectionsMax)
      : [await api.get(`/connections/${connectionId}`, ConnectionView)];
  const Page = z.object({ items: z.array(z.record(z.string(), z.unknown())) });
  const runs: OwnedRun[] = [];
  for (const { id, partner } of owners) {
    const page = await api.get(`/connections/${id}/runs?limit=${limit}`, Page);
    runs.push(...page.items.map((item) => OwnedRun.parse({ ...item, connectionId: id, partner })));
  }
  return runs;
}

async function follow(api: ApiClient, values: Values, runs: readonly OwnedRun[]): Promise<number> {
  const active = runs.filter((run) => run.status === "active");
  const quiet = flag(values, "json");
  const redraw = quiet ? () => undefined : createRedraw(process.stdout);
  const ended = await followRuns(api, active, redraw, () => sleep(lookEveryMs));
  print(values, { items: ended }, () => (ended.length === 0 ? "No run is active." : ""));
  return ended.some((run) => run.status === "failed") ? 1 : 0;
}

function runsText(runs: readonly OwnedRun[], nowMs: number): string {
  const rows = runs.map((run) => [
    run.connectionId,
    run.runId,
    run.mode,
    stateOf(run),
    run.progress.fetched,
    run.progress.created,
    run.progress.updated,
    run.progress.parked,
    relative(run.startedAt, nowMs),
    relative(run.endedAt, nowMs),
  ]);
  const titles = ["connection", "run", "mode", "state", "fetched", "new", "changed", "parked", "started", "ended"];
  return table(titles, rows, "No runs yet.");
}

function stateOf(run: OwnedRun): string {
  if (run.failure !== null) return `failed: ${run.failure.code}`;
  return run.waiting === null ? run.status : `waiting: ${run.waiting}`;
}
