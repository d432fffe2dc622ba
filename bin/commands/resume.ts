import { textOption } from "./command.ts";
import type { Command, Values } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { byOf, changePartner } from "./support/partner-api.ts";
import { standingText } from "./support/partner-text.ts";
import { print } from "./support/print.ts";
import { setStatus } from "./support/set-status.ts";
import { UsageError } from "./usage-error.ts";

export const resumeCommand: Command = {
  name: "resume",
  summary: "let a connection, or a whole partner, go on",
  help: `Usage: npm run sluice -- resume <connection> [options]
       npm run sluice -- resume --partner <partner> [options]

Ends a pause; of a partner, a drain too. What waited meanwhile is worked within two minutes, and imports that are due are
started as its lane has room. A breaker is not closed by this: it closes by itself when a probe comes back well.

Options
  --partner <name>  all of this partner
  --by <name>       with --partner: who wants it (default the name of this shell's user)
${apiHelp}

Examples
  npm run sluice -- resume stripe
  npm run sluice -- resume --partner leaflink
`,
  options: { ...apiOptions, partner: { type: "string" }, by: { type: "string" } },
  run: (values, positionals) =>
    values["partner"] === undefined ? setStatus(values, positionals, "resume") : resumePartner(values, positionals),
};

async function resumePartner(values: Values, positionals: readonly string[]): Promise<number> {
  const partner = textOption(values, "partner", "");
  if (positionals.length > 0 || partner === "")
    throw new UsageError("Usage: npm run sluice -- resume --partner <partner>");
  const standing = await changePartner(apiOf(values), partner, "resume", byOf(values));
  print(values, standing, () => standingText(standing));
  return 0;
}
