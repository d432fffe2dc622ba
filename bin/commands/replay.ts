import { flag } from "./command.ts";
import type { Command } from "./command.ts";
import { replayLocalCommand } from "./replay-local/replay-local.ts";
import { actHelp, actOnFailures, actOptions } from "./support/act-on-failures.ts";
import { apiHelp, apiOptions } from "./support/api-access.ts";

export const replayCommand: Command = {
  name: "replay",
  summary: "try failed work again: one failure, a group, or all since a time",
  help: `Usage: npm run sluice -- replay <failure>… | --group <fingerprint> | --since <time> [options]

Fetches again and applies no old payload; what succeeds closes its failure. Exit 1 when one was refused.

Options
  --local             work it in this process instead, against recorded answers (see replay-local --help)
  --answer <file>     with --local: what the partner answers
${actHelp}
${apiHelp}

Examples
  npm run sluice -- replay --since 2h --dry-run
  npm run sluice -- replay "$(npm run -s sluice -- failures --list --ids --limit 1)"
  npm run sluice -- replay --since 2026-01-01 --partner stripe
`,
  options: { ...apiOptions, ...actOptions, ...replayLocalCommand.options, local: { type: "boolean" } },
  run: (values, positionals) =>
    flag(values, "local") ? replayLocalCommand.run(values, positionals) : actOnFailures(values, positionals, "replay"),
};
