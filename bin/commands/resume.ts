import type { Command } from "./command.ts";
import { apiHelp, apiOptions } from "./support/api-access.ts";
import { setStatus } from "./support/set-status.ts";

export const resumeCommand: Command = {
  name: "resume",
  summary: "let a paused connection go on: every resource is due at once",
  help: `Usage: npm run sluice -- resume <connection> [options]

Webhooks that came meanwhile are open failures: replay them, or let the next import find what they told of.

Options
${apiHelp}

Examples
  npm run sluice -- resume stripe
`,
  options: apiOptions,
  run: (values, positionals) => setStatus(values, positionals, "resume"),
};
