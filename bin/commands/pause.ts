import { textOption } from "./command.ts";
import type { Command, Values } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { byOf, changePartner } from "./support/partner-api.ts";
import { standingText } from "./support/partner-text.ts";
import { print } from "./support/print.ts";
import { setStatus } from "./support/set-status.ts";
import { UsageError } from "./usage-error.ts";

export const pauseCommand: Command = {
  name: "pause",
  summary: "hold a connection, or a whole partner: nothing is called until it is resumed",
  help: `Usage: npm run sluice -- pause <connection> [options]
       npm run sluice -- pause --partner <partner> --reason <text> [options]

Nothing is scheduled and nothing is called. What comes meanwhile is kept: a partner's webhooks wait on its lane, for up to 7
days. It goes on with: resume

Options
  --partner <name>  all of this partner, at once
  --reason <text>   with --partner: why, for whoever meets it paused
  --by <name>       with --partner: who wants it (default the name of this shell's user)
${apiHelp}

Examples
  npm run sluice -- pause stripe
  npm run sluice -- pause --partner leaflink --reason "their maintenance until noon"
`,
  options: { ...apiOptions, partner: { type: "string" }, reason: { type: "string" }, by: { type: "string" } },
  run: (values, positionals) =>
    values["partner"] === undefined ? setStatus(values, positionals, "pause") : pausePartner(values, positionals),
};

async function pausePartner(values: Values, positionals: readonly string[]): Promise<number> {
  const partner = textOption(values, "partner", "");
  const reason = textOption(values, "reason", "");
  if (positionals.length > 0 || partner === "" || reason === "")
    throw new UsageError("Usage: npm run sluice -- pause --partner <partner> --reason <text>");
  const standing = await changePartner(apiOf(values), partner, "pause", { reason, ...byOf(values) });
  print(values, standing, () => standingText(standing));
  return 0;
}
