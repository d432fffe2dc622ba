import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import type { Command } from "./command.ts";
import { wordsOf } from "./support/find-connection.ts";
import { print } from "./support/print.ts";
import type { HeldView } from "./support/partner-shapes.ts";
import { StatusView } from "./support/shapes.ts";
import { table } from "./support/table.ts";
import { relative } from "./support/times.ts";

export const statusCommand: Command = {
  name: "status",
  summary: "how each partner is doing, and why",
  help: `Usage: npm run sluice -- status [options]

One line a partner: healthy, degraded (something wants a person) or down (nothing that should work does, or its breaker is
open). A partner that somebody paused or drained says so, and is no worse for it. Exit 1 when one is down.

Options
${apiHelp}

Examples
  npm run sluice -- status
  npm run sluice -- status --json
`,
  options: apiOptions,
  async run(values, positionals) {
    wordsOf(positionals, "status [options]", 0);
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
  },
};

/** The breaker is among the reasons already: it is nobody's wish. */
function wishText({ what, by, since }: HeldView, nowMs: number): string {
  return `${what} by ${by ?? "nobody"} ${relative(since, nowMs) ?? ""}`;
}
