import type { ApiClient } from "./api-client.ts";
import { textOption } from "./command.ts";
import type { Command, Values } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { connectionText } from "./support/connection-text.ts";
import { connectionIdOf } from "./support/find-connection.ts";
import { countOf } from "./support/numbers.ts";
import { print } from "./support/print.ts";
import { ConnectionView, ConnectionWhole } from "./support/shapes.ts";
import { table } from "./support/table.ts";
import { relative } from "./support/times.ts";
import { UsageError } from "./usage-error.ts";

export const connectionsCommand: Command = {
  name: "connections",
  summary: "the connections, or how one stands",
  help: `Usage: npm run sluice -- connections [<connection>] [options]

Without a connection, the list; with one (its id, its name, or its partner where that has only one), how its resources stand.

Options
  --tenant <id>     only this tenant's
  --partner <name>  only this partner's
  --limit <count>   at most so many are read (default 200)
${apiHelp}

Examples
  npm run sluice -- connections
  npm run sluice -- connections stripe
  npm run sluice -- connections --partner stripe --json
`,
  options: { ...apiOptions, tenant: { type: "string" }, partner: { type: "string" }, limit: { type: "string" } },
  async run(values, positionals) {
    const [said, ...more] = positionals;
    if (more.length > 0) throw new UsageError("Usage: npm run sluice -- connections [<connection>] [options]");
    const api = apiOf(values);
    return said === undefined ? showList(api, values) : showOne(api, values, said);
  },
};

async function showList(api: ApiClient, values: Values): Promise<number> {
  const limit = countOf(values, "limit", 200, 100_000);
  const tenant = textOption(values, "tenant", "");
  const partner = textOption(values, "partner", "");
  const path = tenant === "" ? "/connections" : `/connections?tenantId=${encodeURIComponent(tenant)}`;
  const read = await api.list(path, ConnectionView, limit);
  const items = read.slice(0, limit).filter((each) => partner === "" || each.partner === partner);
  const nowMs = Date.now();
  print(values, { items, complete: read.length < limit }, () => {
    const rows = items.map((each) => [
      each.id,
      each.partner,
      each.tenantId,
      each.name,
      each.status,
      relative(each.createdAt, nowMs),
    ]);
    const note = read.length < limit ? "" : `The first ${limit} were read; --limit reads more.\n`;
    return table(["connection", "partner", "tenant", "name", "status", "created"], rows, "No connections.") + note;
  });
  return 0;
}

async function showOne(api: ApiClient, values: Values, said: string): Promise<number> {
  const connection = await api.get(`/connections/${await connectionIdOf(api, said)}`, ConnectionWhole);
  print(values, connection, () => connectionText(connection, Date.now()));
  return 0;
}
