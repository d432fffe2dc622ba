import * as z from "zod";
import type { ApiClient } from "./api-client.ts";
import { flag, textOption } from "./command.ts";
import type { Command, Values } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { failureText, groupsText } from "./support/failure-text.ts";
import { connectionIdOf } from "./support/find-connection.ts";
import { countOf } from "./support/numbers.ts";
import { print } from "./support/print.ts";
import { FailureWhole, GroupView } from "./support/shapes.ts";
import { table } from "./support/table.ts";
import { relative } from "./support/times.ts";
import { UsageError } from "./usage-error.ts";

export const failuresCommand: Command = {
  name: "failures",
  summary: "work that gave up: what is alike in one line, with what to do about it",
  help: `Usage: npm run sluice -- failures [<failure>] [options]

Open failures in groups, each with what it means and what to do. With a failure's id, that one whole.

Options
  --list               one line a failure instead
  --status <status>    open (default), replaying, resolved, discarded or any
  --partner <name>     only this partner's
  --connection <text>  only this connection's
  --limit <count>      at most so many lines (default 20, up to 100)
  --ids                ids alone, one a line, for other programs; goes with --list
${apiHelp}

Examples
  npm run sluice -- failures
  npm run sluice -- failures --list --status any --limit 5
  npm run sluice -- failures "$(npm run -s sluice -- failures --list --ids --status any --limit 1)"
`,
  options: {
    ...apiOptions,
    list: { type: "boolean" },
    ids: { type: "boolean" },
    status: { type: "string" },
    partner: { type: "string" },
    connection: { type: "string" },
    limit: { type: "string" },
  },
  async run(values, positionals) {
    const [ref, ...more] = positionals;
    if (more.length > 0) throw new UsageError("Usage: npm run sluice -- failures [<failure>] [options]");
    const api = apiOf(values);
    if (ref !== undefined) {
      const failure = await api.get(`/failures/${encodeURIComponent(ref)}`, FailureWhole);
      print(values, failure, () => failureText(failure, Date.now()));
      return 0;
    }
    const query = await queryOf(api, values);
    return flag(values, "list") || flag(values, "ids") ? showList(api, values, query) : showGroups(api, values, query);
  },
};

async function queryOf(api: ApiClient, values: Values): Promise<string> {
  const limit = countOf(values, "limit", 20, 100);
  const status = textOption(values, "status", "open");
  if (!["open", "replaying", "resolved", "discarded", "any"].includes(status))
    throw new UsageError(`--status ${status}: open, replaying, resolved, discarded or any.`);
  const partner = textOption(values, "partner", "");
  const connection = textOption(values, "connection", "");
  const query = new URLSearchParams({ limit: String(limit) });
  if (status !== "any") query.set("status", status);
  if (partner !== "") query.set("partner", partner);
  if (connection !== "") query.set("connectionId", await connectionIdOf(api, connection));
  return query.toString();
}

const List = z.looseObject({ items: z.array(FailureWhole), next: z.string().nullable(), total: z.number() });
const Groups = z.looseObject({ items: z.array(GroupView), complete: z.boolean(), total: z.number() });

async function showList(api: ApiClient, values: Values, query: string): Promise<number> {
  const page = await api.get(`/failures?${query}`, List);
  print(values, page, () => (flag(values, "ids") ? idsOf(page) : listText(page, Date.now())));
  return 0;
}

async function showGroups(api: ApiClient, values: Values, query: string): Promise<number> {
  const page = await api.get(`/failures?${query}&group=true`, Groups);
  print(values, page, () => {
    const more = page.total > page.items.length ? `${page.total} groups in all; --limit shows more.\n` : "";
    const counted = page.complete ? "" : "There are more failures than were looked at: counts may be too low.\n";
    return groupsText(page.items, Date.now()) + more + counted;
  });
  return 0;
}

function idsOf(page: z.infer<typeof List>): string {
  return page.items.map((failure) => `${failure.id}\n`).join("");
}

function listText(page: z.infer<typeof List>, nowMs: number): string {
  const rows = page.items.map((each) => [
    each.id,
    each.status,
    each.kind,
    each.code,
    each.place,
    each.seen,
    relative(each.lastSeenAt, nowMs),
  ]);
  const more = page.next === null ? "" : `${page.total} in all.\n`;
  return table(["failure", "status", "kind", "code", "place", "seen", "last seen"], rows, "No failures.") + more;
}
