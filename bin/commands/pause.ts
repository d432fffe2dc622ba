import type { Command } from "./command.ts";
import { apiHelp, apiOptions } from "./support/api-access.ts";
import { setStatus } from "./support/set-status.ts";

export const pauseCommand: Command = {
  name: "pause",
  summary: "hold a connection: nothing is scheduled until it is resumed",
  help: `Usage: npm run sluice -- pause <connection> [options]

A run in progress ends at its next page as a failure that names the pause; webhooks are kept as failures to be replayed.

Options
${apiHelp}

Examples
  npm run sluice -- pause stripe
`,
  options: apiOptions,
  run: (values, positionals) => setStatus(values, positionals, "pause"),
};
