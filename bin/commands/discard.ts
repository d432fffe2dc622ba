import type { Command } from "./command.ts";
import { actHelp, actOnFailures, actOptions } from "./support/act-on-failures.ts";
import { apiHelp, apiOptions } from "./support/api-access.ts";

export const discardCommand: Command = {
  name: "discard",
  summary: "close failures that nobody wants tried again",
  help: `Usage: npm run sluice -- discard <failure>… | --group <fingerprint> | --since <time> [options]

They stay to be looked at for 90 days. Exit 1 when one was refused.

Options
${actHelp}
${apiHelp}

Examples
  npm run sluice -- discard --since 7d --dry-run
  npm run sluice -- discard --since 1h --partner stripe
`,
  options: { ...apiOptions, ...actOptions },
  run: (values, positionals) => actOnFailures(values, positionals, "discard"),
};
