import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import type { Command, Values } from "./command.ts";
import { connectionIdOf } from "./support/find-connection.ts";
import { print } from "./support/print.ts";
import type { HeldView } from "./support/partner-shapes.ts";
import { StatusView } from "./support/shapes.ts";
import { SyncStatus, syncStatusText } from "./support/sync-status-text.ts";
import { table } from "./support/table.ts";
import { relative } from "./support/times.ts";
import { UsageError } from "./usage-error.ts";

export const statusCommand: Command = {
  name: "status",
  summary: "how each partner is doing, and why; or how a connection's imports stand",
  help: `Usage: npm run sluice -- status [<connection>] [options]

One line a partner: healthy, degraded (something wants a person) or down (nothing that should work does, or its breaker is
open). A partner that somebody paused or drained says so, and is no worse for it. Exit 1 when one is down.
With a connection: each resource's last success and error, lag, next time, progress, and what the last run came to. Exit 1
when one of them wants a person: late, failing, or twice or half of what it found before.

Options
${apiHelp}

Examples
  npm run sluice -- status
  npm run sluice -- status --json
  npm run sluice -- status stripe
`,
  options: apiOptions,
  async run(values, positionals) {
    const [said, ...more] = positionals;
    if (more.length > 0) throw new UsageError("Usage: npm run sluice -- status [<connection>] [options]");
    return said === undefined ? showPartners(values) : showConnection(values, said);
  },
};

async function showPartners(values: Values): Promise<number> {
  const status = await apiOf(values).get("/status", StatusView);
  const nowMs = Date.now();
  print(values, status, () => {
    const rows = status.partners.map((each) => [
      each.partner,
      each.health,
      each.connections.total,
      each.openFailures.total,
      each.activeRuns,
      relative(each.lastRunAt, nowMs),
      relative(each.lastSuccessAt, nowMs),
      [...each.held.filter(({ what }) => what !== "breaker").map((held) => wishText(held, nowMs)), ...each.why].join(
        "; ",
      ),
    ]);
    const titles = ["partner", "health", "connections", "failures", "runs", "last run", "last success", "why"];
    const note = status.complete ? "" : `Of the oldest ${status.looked.connections} connections; there are more.\n`;
    return table(titles, rows, "There are no partners in this stage.") + note;
  });
  return status.partners.some((each) => each.health === "down") ? 1 : 0;
}

async function showConnection(values: Values, said: string): Promise<number> {
  const api = apiOf(values);
  const status = await api.get(`/connections/${await connectionIdOf(api, said)}/sync-status`, SyncStatus);
  print(values, status, () => syncStatusText(status, Date.now()));
  return status.resources.some((each) => each.alerts.length > 0) ? 1 : 0;
}

/** The breaker is among the reasons already: it is nobody's wish. */
function wishText({ what, by, since }: HeldView, nowMs: number): string {
  return `${what} by ${by ?? "nobody"} ${relative(since, nowMs) ?? ""}`;
}
