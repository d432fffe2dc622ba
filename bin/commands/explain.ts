import type * as z from "zod";
import type { Command } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { connectionIdOf, wordsOf } from "./support/find-connection.ts";
import { countOf } from "./support/numbers.ts";
import { print } from "./support/print.ts";
import { heldLines } from "./support/partner-text.ts";
import type { HeldView } from "./support/partner-shapes.ts";
import { ConnectionWhole, HistoryAnswer } from "./support/shapes.ts";
import { table } from "./support/table.ts";

export const explainCommand: Command = {
  name: "explain",
  summary: "which webhook or run wrote each version of a record",
  help: `Usage: npm run sluice -- explain <connection> <resource> <id> [options]

The newest version first: what changed, what brought it, when it was fetched from the partner and when it was written. Says
so when its connection is held, and newer changes may not have come.

Options
  --limit <count>   at most so many versions (default 20, up to 100)
${apiHelp}

Examples
  npm run sluice -- explain stripe customers "$(npm run -s sluice -- records stripe customers --limit 1 --ids)"
`,
  options: { ...apiOptions, limit: { type: "string" } },
  async run(values, positionals) {
    const [said = "", resource = "", externalId = ""] = wordsOf(positionals, "explain <connection> <resource> <id>", 3);
    const limit = countOf(values, "limit", 20, 100);
    const api = apiOf(values);
    const id = await connectionIdOf(api, said);
    const place = [id, "history", resource, externalId].map(encodeURIComponent).join("/");
    const history = await api.get(`/connections/${place}?limit=${limit}`, HistoryAnswer);
    const { held } = await api.get(`/connections/${encodeURIComponent(id)}`, ConnectionWhole);
    print(values, { ...history, held }, () => historyText(`${resource}/${externalId}`, history) + heldNote(held));
    return 0;
  },
};

function historyText(what: string, { current, items, more }: z.infer<typeof HistoryAnswer>): string {
  const head =
    current === null
      ? `${what} is not stored any more; its history is.`
      : `${what} is at version ${current.version}${current.deleted ? ", deleted" : ""}.`;
  const rows = items.map((each) => [
    each.version,
    each.change,
    `${each.source.kind} ${each.source.id}`,
    each.fetchedAt,
    each.writtenAt,
    each.changed.join(", "),
  ]);
  const titles = ["version", "change", "by", "fetched", "written", "fields"];
  const older = more ? "There are older versions; --limit shows more.\n" : "";
  return `${head}\n\n${table(titles, rows, "Its history is not written yet; ask again in a moment.")}${older}`;
}

function heldNote(held: readonly HeldView[]): string {
  if (held.length === 0) return "";
  return `\nIt may be out of date:\n${heldLines(held)
    .map((line) => `${line}\n`)
    .join("")}`;
}
