import { setTimeout as sleep } from "node:timers/promises";
import { flag, textOption } from "./command.ts";
import type { Command } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { wordsOf } from "./support/find-connection.ts";
import { byOf, changePartner, readStanding } from "./support/partner-api.ts";
import { standingText } from "./support/partner-text.ts";
import { print } from "./support/print.ts";
import { createRedraw } from "./support/redraw.ts";
import { durationOf } from "./support/times.ts";
import { type Sleep, waitUntilEmpty } from "./support/wait-until-empty.ts";

export const drainCommand = createDrainCommand(sleep);

/** The command with a sleep of its own, for tests. */
export function createDrainCommand(sleepFor: Sleep): Command {
  return {
    name: "drain",
    summary: "let a partner finish what it has in hand: imports are not started any more",
    help: `Usage: npm run sluice -- drain <partner> [options]

What is under way goes on, webhooks are worked as ever, and no import is started until: resume --partner <partner>. Exit 1
when --wait ends before the partner is empty.

Options
  --wait            stay until nothing is on its lanes and no run is under way
  --for <time>      with --wait: at most so long, 90s, 10m or 2h (default 10m)
  --show            only look: what is left, and what holds the partner
  --reason <text>   for whoever meets it drained (default "drained by hand")
  --by <name>       who wants it (default the name of this shell's user)
${apiHelp}

Examples
  npm run sluice -- drain stripe --show
  npm run sluice -- drain stripe --wait --for 5m
  npm run sluice -- resume --partner stripe
`,
    options: {
      ...apiOptions,
      wait: { type: "boolean" },
      for: { type: "string" },
      show: { type: "boolean" },
      reason: { type: "string" },
      by: { type: "string" },
    },
    async run(values, positionals) {
      const [partner = ""] = wordsOf(positionals, "drain <partner> [options]", 1);
      const waitMsMax = durationOf(textOption(values, "for", "10m"), "for");
      const api = apiOf(values);
      const reason = textOption(values, "reason", "drained by hand");
      const first = flag(values, "show")
        ? await readStanding(api, partner)
        : await changePartner(api, partner, "drain", { reason, ...byOf(values) });
      const show = flag(values, "json") ? () => undefined : createRedraw(process.stdout);
      const bounds = { waitMsMax, sleep: sleepFor };
      const waited = flag(values, "wait") ? await waitUntilEmpty(api, [partner], bounds, show) : [first];
      const last = waited[0] ?? first;
      print(values, last, () => standingText(last));
      return flag(values, "wait") && !last.empty ? 1 : 0;
    },
  };
}
