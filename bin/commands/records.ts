import * as z from "zod";
import { RecordView } from "./api-shapes.ts";
import { flag, textOption } from "./command.ts";
import type { Command } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { connectionIdOf } from "./support/find-connection.ts";
import { countOf } from "./support/numbers.ts";
import { print } from "./support/print.ts";
import { table } from "./support/table.ts";
import { relative } from "./support/times.ts";
import { UsageError } from "./usage-error.ts";

const Row = z.looseObject({
  ...RecordView.shape,
  writtenAt: z.string(),
  freshness: z.string(),
  source: z.object({ kind: z.string(), id: z.string() }),
});
const usage = "records <connection> <resource> [<id>] [options]";

export const recordsCommand: Command = {
  name: "records",
  summary: "the records of a resource, or one of them whole",
  help: `Usage: npm run sluice -- ${usage}

Records by their external ids; with an id, that record with its data.

Options
  --limit <count>   at most so many (default 20, up to 100)
  --cursor <text>   go on from where a page ended
  --since <time>    only what was written then or later (ISO 8601)
  --deleted <which> include (unless said), exclude, only
  --fresh           with an id: have a worker fetch it again where it is not of this minute
  --ids             the external ids alone, one a line, for other programs
${apiHelp}

Examples
  npm run sluice -- records stripe customers
  npm run sluice -- records stripe customers --limit 2 --json
  npm run sluice -- records stripe customers "$(npm run -s sluice -- records stripe customers --limit 1 --ids)"
`,
  options: {
    ...apiOptions,
    limit: { type: "string" },
    cursor: { type: "string" },
    since: { type: "string" },
    deleted: { type: "string" },
    fresh: { type: "boolean" },
    ids: { type: "boolean" },
  },
  async run(values, positionals) {
    const [said, resource, externalId, ...more] = positionals;
    if (said === undefined || resource === undefined || more.length > 0)
      throw new UsageError(`Usage: npm run sluice -- ${usage}`);
    const limit = countOf(values, "limit", 20, 100);
    const api = apiOf(values);
    const path = `/connections/${await connectionIdOf(api, said)}/records/${encodeURIComponent(resource)}`;
    if (externalId !== undefined) {
      const fresh = flag(values, "fresh") ? "?fresh=true" : "";
      const record = await api.get(`${path}/${encodeURIComponent(externalId)}${fresh}`, Row);
      print(values, record, () => JSON.stringify(record, null, 2));
      return 0;
    }
    const cursor = textOption(values, "cursor", "");
    const asked = {
      limit: String(limit),
      cursor,
      updatedSince: textOption(values, "since", ""),
      deleted: textOption(values, "deleted", ""),
    };
    const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ""));
    const page = await api.get(`${path}?${query.toString()}`, Page);
    print(values, page, () => (flag(values, "ids") ? idsOf(page) : pageText(page, Date.now())));
    return 0;
  },
};

const Page = z.looseObject({ items: z.array(Row), next: z.string().nullable(), total: z.number().nullable() });

function idsOf(page: z.infer<typeof Page>): string {
  return page.items.map((record) => `${record.externalId}\n`).join("");
}

function pageText(page: z.infer<typeof Page>, nowMs: number): string {
  const rows = page.items.map((record) => [
    record.externalId,
    record.model,
    record.version,
    [record.deleted ? "deleted" : "", record.freshness === "stale" ? "stale" : ""]
      .filter((each) => each !== "")
      .join(", "),
    `${record.source.kind} ${record.source.id}`,
    relative(record.writtenAt, nowMs),
  ]);
  const more =
    page.next === null
      ? ""
      : `${page.total === null ? "There may be more" : `${page.total} in all`}; the next page: --cursor ${page.next}\n`;
  return table(["id", "model", "version", "", "by", "written"], rows, "No records.") + more;
}
