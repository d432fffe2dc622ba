import { textOption } from "./command.ts";
import type { Command } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { connectionIdOf, wordsOf } from "./support/find-connection.ts";
import { print } from "./support/print.ts";
import { SyncAnswer } from "./support/shapes.ts";
import { table } from "./support/table.ts";
import { UsageError } from "./usage-error.ts";

export const syncCommand: Command = {
  name: "sync",
  summary: "import a connection now",
  help: `Usage: npm run sluice -- sync <connection> [options]

Starts a run of each resource, or says which one runs already. Follow them with: runs <connection> --follow. Exit 1 when one
was refused.

Options
  --resource <name>   only this one
  --mode <mode>       full or incremental (default: what is due)
${apiHelp}

Examples
  npm run sluice -- sync stripe
  npm run sluice -- sync stripe --resource customers --mode full
`,
  options: { ...apiOptions, resource: { type: "string" }, mode: { type: "string" } },
  async run(values, positionals) {
    const [said = ""] = wordsOf(positionals, "sync <connection> [options]", 1);
    const mode = textOption(values, "mode", "");
    if (!["", "full", "incremental"].includes(mode)) throw new UsageError(`--mode ${mode}: full or incremental.`);
    const resource = textOption(values, "resource", "");
    const api = apiOf(values);
    const id = await connectionIdOf(api, said);
    const body = { ...(resource === "" ? {} : { resource }), ...(mode === "" ? {} : { mode }) };
    const answer = await api.send("POST", `/connections/${id}/sync`, body, SyncAnswer);
    print(values, answer, () => {
      const rows = answer.runs.map((run) => [run.resource, run.result, run.runId ?? run.reason]);
      return table(["resource", "result", "run"], rows, "Its partner has no resources.");
    });
    return answer.runs.some((run) => run.result === "refused") ? 1 : 0;
  },
};
