import * as z from "zod";
import type { ApiClient } from "./api-client.ts";
import { flag, textOption } from "./command.ts";
import type { Command, Values } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { wordsOf } from "./support/find-connection.ts";
import { byOf } from "./support/partner-api.ts";
import { PartnerStanding } from "./support/partner-shapes.ts";
import { standingText } from "./support/partner-text.ts";
import { print } from "./support/print.ts";
import { UsageError } from "./usage-error.ts";

const hows = ["drain", "purge-and-refresh", "pause"];
/** One call changes 50 connections: enough for a hundred thousand. */
const roundsMax = 2_000;

export const recoverCommand: Command = {
  name: "recover",
  summary: "after an outage: work off what waits, or skip it and import afresh, or leave it",
  help: `Usage: npm run sluice -- recover <partner> --how <how> --reason <text> [options]

  drain              what waits is worked, and imports go on as the lanes have room; ends a pause
  purge-and-refresh  what waits is skipped and counted, and imports that reach back far enough are due at once
  pause              nothing is called until: recover --how drain, or resume --partner

Cut off half-way, run it again: the same twice is the same once. See docs/runbooks/outage.md.

Options
  --how <how>         drain, purge-and-refresh or pause
  --resource <name>   only this resource; may be given several times
  --full              with purge-and-refresh: pass everything over again (a filter on a list tells of no deletions)
  --reason <text>     why, for the audit log and for whoever meets it paused
  --by <name>         who wants it (default the name of this shell's user)
${apiHelp}

Examples
  npm run sluice -- recover leaflink --how pause --reason "they are down"
  npm run sluice -- recover leaflink --how drain --reason "they are up again"
  npm run sluice -- recover stripe --how purge-and-refresh --resource charges --reason "an hour of webhooks is late"
`,
  options: {
    ...apiOptions,
    how: { type: "string" },
    resource: { type: "string", multiple: true },
    full: { type: "boolean" },
    reason: { type: "string" },
    by: { type: "string" },
  },
  async run(values, positionals) {
    const [partner = ""] = wordsOf(positionals, "recover <partner> --how <how> --reason <text> [options]", 1);
    const order = orderOf(values);
    const recovered = await recoverInRounds(apiOf(values), partner, order);
    print(values, recovered, () => recoveredText(recovered));
    return recovered.next === null ? 0 : 1;
  },
};

function orderOf(values: Values): Readonly<Record<string, unknown>> {
  const how = textOption(values, "how", "");
  if (!hows.includes(how)) throw new UsageError(`--how ${how}: ${hows.join(", ")}.`);
  const reason = textOption(values, "reason", "");
  if (reason === "") throw new UsageError("--reason: say why, for the audit log and for whoever meets it.");
  const resources = values["resource"];
  return {
    how,
    reason,
    ...byOf(values),
    ...(resources === undefined ? {} : { resources }),
    ...(flag(values, "full") ? { full: true } : {}),
  };
}

const Recovered = z.looseObject({
  ...PartnerStanding.shape,
  how: z.string(),
  connections: z.number(),
  changed: z.number(),
  next: z.string().nullable(),
});
type Recovered = z.infer<typeof Recovered>;

async function recoverInRounds(
  api: ApiClient,
  partner: string,
  order: Readonly<Record<string, unknown>>,
): Promise<Recovered> {
  const path = `/partners/${encodeURIComponent(partner)}/recover`;
  let last = await api.send("POST", path, order, Recovered);
  let { connections, changed } = last;
  for (let round = 1; last.next !== null && round < roundsMax; round++) {
    last = await api.send("POST", path, { ...order, cursor: last.next }, Recovered);
    connections += last.connections;
    changed += last.changed;
  }
  return { ...last, connections, changed };
}

function recoveredText(recovered: Recovered): string {
  const { partner, how, connections, changed } = recovered;
  const of = `${changed} resource${changed === 1 ? "" : "s"} of ${connections} connection${connections === 1 ? "" : "s"}`;
  const said: Readonly<Record<string, string>> = {
    drain: `What waits of ${partner} is worked; ${of} put back on the schedule.`,
    "purge-and-refresh": `What was sent before now is skipped and counted (JobsPurged); fresh imports of ${of} are due now, and start as the lane has room.`,
    pause:
      connections === 0
        ? `${partner} is paused.`
        : `${of} taken off the schedule. To put them back: recover --how drain`,
  };
  const more = recovered.next === null ? [] : ["There are more connections than were changed: run it again."];
  return [said[how] ?? how, standingText(recovered), ...more].join("\n");
}
