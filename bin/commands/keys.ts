import * as z from "zod";
import { textOption } from "./command.ts";
import type { Command, Values } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { countOf, numberOf } from "./support/numbers.ts";
import { print } from "./support/print.ts";
import { table } from "./support/table.ts";
import { relative } from "./support/times.ts";
import { UsageError } from "./usage-error.ts";

const usage = `Usage: npm run sluice -- keys [options]
       npm run sluice -- keys create <name> --role <role> [options]
       npm run sluice -- keys revoke <key id> [options]
`;

const KeyView = z.looseObject({
  id: z.string(),
  name: z.string(),
  role: z.string(),
  tenantId: z.string().nullable(),
  status: z.string(),
  warning: z.string().nullable(),
  expiresAt: z.string(),
  lastUsedAt: z.string().nullable(),
});
const MadeKey = KeyView.extend({ key: z.string() });

export const keysCommand: Command = {
  name: "keys",
  summary: "the API's keys: list, create, revoke",
  help: `${usage}
A key is shown once, when it is created. Revoked, it opens nothing within a minute. docs/access.md tells what the roles may.

Options
  --role <role>    viewer, operator or admin
  --tenant <id>    for this tenant's things alone (default every tenant's)
  --days <count>   it expires after so many (default 90, at most 730)
  --limit <count>  at most so many are listed (default 200)
${apiHelp}

Examples
  npm run sluice -- keys create "a dashboard" --role viewer --tenant tenant-1 --days 30
  npm run sluice -- keys
  npm run sluice -- keys --json
`,
  options: {
    ...apiOptions,
    role: { type: "string" },
    tenant: { type: "string" },
    days: { type: "string" },
    limit: { type: "string" },
  },
  run(values, [what, said, ...more]) {
    if (what === undefined) return list(values);
    if (said === undefined || more.length > 0) throw new UsageError(usage);
    if (what === "create") return create(values, said);
    if (what === "revoke") return revoke(values, said);
    throw new UsageError(usage);
  },
};

async function list(values: Values): Promise<number> {
  const limit = countOf(values, "limit", 200, 100_000);
  const items = (await apiOf(values).list("/keys", KeyView, limit)).slice(0, limit);
  const nowMs = Date.now();
  print(values, { items }, () => {
    const rows = items.map((key) => [
      key.id,
      key.name,
      key.role,
      key.tenantId ?? "every",
      key.warning ?? key.status,
      relative(key.expiresAt, nowMs),
      relative(key.lastUsedAt, nowMs) ?? "never",
    ]);
    const titles = ["key", "name", "role", "tenant", "status", "expires", "last used"];
    return table(titles, rows, "No keys but the first one, which is in the stage's secret.");
  });
  return 0;
}

async function create(values: Values, name: string): Promise<number> {
  const role = textOption(values, "role", "");
  if (role === "") throw new UsageError("--role is missing: viewer, operator or admin.");
  const tenant = textOption(values, "tenant", "");
  const expiresInDays = numberOf(values, "days", 90, { min: 1, max: 730 });
  const body = { name, role, tenantId: tenant === "" ? null : tenant, expiresInDays };
  const made = await apiOf(values).send("POST", "/keys", body, MadeKey);
  print(values, made, () => {
    const whose = made.tenantId === null ? "every tenant" : `tenant ${made.tenantId}`;
    return `${made.key}\n\nThis is the only time that it is shown. ${made.id}: ${made.role} of ${whose}, until ${made.expiresAt}.\n`;
  });
  return 0;
}

async function revoke(values: Values, id: string): Promise<number> {
  const revoked = await apiOf(values).send("DELETE", `/keys/${encodeURIComponent(id)}`, undefined, KeyView);
  print(values, revoked, () => `${revoked.id} (${revoked.name}) is revoked; within a minute it opens nothing.`);
  return 0;
}
