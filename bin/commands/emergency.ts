import * as z from "zod";
import type { ApiClient } from "./api-client.ts";
import { textOption } from "./command.ts";
import type { Command } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { wordsOf } from "./support/find-connection.ts";
import { countOf } from "./support/numbers.ts";
import { print } from "./support/print.ts";
import { UsageError } from "./usage-error.ts";

/** One call of the API works for up to 18 seconds; what it takes in that time differs by a hundred. */
const perCallMax = 500;
const lanes = ["webhooks", "imports"];

export const emergencyCommand: Command = {
  name: "emergency",
  summary: "work a partner's lane by hand, when its consumers are down",
  help: `Usage: npm run sluice -- emergency <partner> --lane <lane> [options]

Runs the partner's emergency function until the lane is empty or --count messages were taken. Each message is worked as a
consumer would, behind the partner's limits, and removed only when it is done: cut off at any point, it comes back by itself.
Exit 1 when messages were left on the lane because their work failed. See docs/runbooks/emergency.md.

Options
  --lane <lane>     webhooks or imports
  --count <count>   at most so many messages (default 100, up to 10000)
${apiHelp}

Examples
  npm run sluice -- emergency stripe --lane webhooks
  npm run sluice -- emergency stripe --lane imports --count 10 --json
`,
  options: { ...apiOptions, lane: { type: "string" }, count: { type: "string" } },
  async run(values, positionals) {
    const [partner = ""] = wordsOf(positionals, "emergency <partner> --lane <lane> [options]", 1);
    const lane = textOption(values, "lane", "");
    if (!lanes.includes(lane)) throw new UsageError(`--lane ${lane}: webhooks or imports.`);
    const count = countOf(values, "count", 100, 10_000);
    const total = await workInRounds(apiOf(values), partner, lane, count);
    print(values, { partner, lane, ...total }, () => totalText(partner, lane, total));
    return total.left > 0 ? 1 : 0;
  },
};

const Report = z.looseObject({
  received: z.number(),
  removed: z.number(),
  done: z.number(),
  deferred: z.number(),
  skipped: z.number(),
  givenUp: z.number(),
  left: z.number(),
  ended: z.enum(["empty", "count", "time"]),
});
type Report = z.infer<typeof Report>;

async function workInRounds(api: ApiClient, partner: string, lane: string, count: number): Promise<Report> {
  let total: Report | null = null;
  do {
    const left: number = count - (total?.received ?? 0);
    const body = { lane, count: Math.min(perCallMax, left) };
    const report = await api.send("POST", `/partners/${encodeURIComponent(partner)}/emergency`, body, Report);
    total = total === null ? report : sumOf(total, report);
    // What fails here fails again, and what only waits comes back at once: somebody should look before more is taken.
    const stuck = report.left > 0 || report.removed === report.deferred;
    if (report.ended === "empty" || stuck) return total;
  } while (total.received < count);
  return total;
}

function sumOf(one: Report, other: Report): Report {
  return {
    received: one.received + other.received,
    removed: one.removed + other.removed,
    done: one.done + other.done,
    deferred: one.deferred + other.deferred,
    skipped: one.skipped + other.skipped,
    givenUp: one.givenUp + other.givenUp,
    left: one.left + other.left,
    ended: other.ended,
  };
}

function totalText(partner: string, lane: string, total: Report): string {
  const { received, done, deferred, skipped, givenUp, left, ended } = total;
  const lines = [
    `${received} message${received === 1 ? "" : "s"} taken from the ${lane} lane of ${partner}:`,
    `  ${done} done`,
    ...(deferred === 0
      ? []
      : [`  ${deferred} sent again for later: they wait for a limit, or failed and are tried again`]),
    ...(skipped === 0 ? [] : [`  ${skipped} skipped: too old to be worth anything`]),
    ...(givenUp === 0 ? [] : [`  ${givenUp} given up: see "failures --partner ${partner}"`]),
    ...(left === 0 ? [] : [`  ${left} left on the lane, to come back by themselves: see the log of emergency-work`]),
    ended === "empty" ? "Nothing more came." : "There may be more: run it again.",
  ];
  return lines.join("\n");
}
