import { setTimeout as sleepFor } from "node:timers/promises";
import type { ApiClient } from "./api-client.ts";
import { flag, textOption } from "./command.ts";
import type { Command, Values } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { addCounts, countRemains, distinct, eraseUntilDone, passOverPerson } from "./support/erasing.ts";
import type { Counts, Found, FoundKept, PersonFound } from "./support/erasing.ts";
import { connectionIdOf } from "./support/find-connection.ts";
import { print } from "./support/print.ts";
import { table } from "./support/table.ts";
import type { Sleep } from "./support/wait-until-empty.ts";
import { UsageError } from "./usage-error.ts";

const usage = "erase tenant|connection|person|verify <what> [options]";

export const eraseCommand = createEraseCommand((delayMs) => sleepFor(delayMs));

/** @param sleep between two looks */
export function createEraseCommand(sleep: Sleep): Command {
  return {
    name: "erase",
    summary: "forget a tenant, a connection, a person, and prove it",
    help: `Usage: npm run sluice -- ${usage}

  erase tenant <id> --yes             every connection of the tenant, also those that were deleted before
  erase connection <id> --yes         one connection with everything that is kept of it
  erase person <address> --tenant <id>  records of the tenant that hold this e-mail address or telephone number, exactly,
                                      or held it in an earlier state, and failures, parked jobs and kept payloads that name it or those records; with
                                      --yes they are erased, twice, and looked for again. Delete them at the partner
                                      first, or the next import brings them back.
  erase verify <id>                   looks for what is left of a connection, in every table and in the bucket

Nothing is done without --yes but looking. What is erased cannot be brought back; for a minute and a half workers that had
it in hand come to their end, then it goes. See docs/runbooks/erase.md. Exit 1 when something is left.

Options
  --yes          do it
  --tenant <id>  whose records a person is looked for in
${apiHelp}

Examples
  npm run sluice -- erase verify stripe
  npm run sluice -- erase person ada@example.com --tenant tenant-1
  npm run sluice -- erase tenant tenant-1 --yes
`,
    options: { ...apiOptions, yes: { type: "boolean" }, tenant: { type: "string" } },
    async run(values, positionals) {
      const [what, said, ...more] = positionals;
      if (said === undefined || more.length > 0) throw new UsageError(`Usage: npm run sluice -- ${usage}`);
      const api = apiOf(values);
      switch (what) {
        case "tenant":
          requireYes(values, `tenant ${said}`);
          return eraseAll(api, values, `/tenants/${encodeURIComponent(said)}/erase`, [], sleep);
        case "connection": {
          const id = await connectionIdOf(api, said);
          requireYes(values, `connection ${id}`);
          return eraseAll(api, values, `/connections/${id}/erase`, [id], sleep);
        }
        case "person":
          return erasePerson(api, values, said, sleep);
        case "verify":
          return verify(api, values, [await connectionIdOf(api, said)], null);
        default:
          throw new UsageError(`Usage: npm run sluice -- ${usage}`);
      }
    },
  };
}

function requireYes(values: Values, what: string): void {
  if (!flag(values, "yes")) throw new UsageError(`This erases ${what} for good. Say --yes to do it.`);
}

async function eraseAll(
  api: ApiClient,
  values: Values,
  path: string,
  known: readonly string[],
  sleep: Sleep,
): Promise<number> {
  const { removed, erased } = await eraseUntilDone(api, path, sleep, (line) => process.stderr.write(`${line}\n`));
  return verify(api, values, [...new Set([...known, ...erased])], removed);
}

/** Counts what is left of connections; a tenant that had none has nothing left. */
async function verify(api: ApiClient, values: Values, ids: readonly string[], removed: Counts | null): Promise<number> {
  const remains: { connectionId: string; stage: string; counts: Counts }[] = [];
  for (const connectionId of ids) remains.push({ connectionId, ...(await countRemains(api, connectionId)) });
  const left = remains.reduce((total, each) => total + sumOf(each.counts), 0);
  print(values, { removed, connections: remains, left }, () => {
    const told = removed === null ? "" : `Removed: ${countsText(removed)}\n`;
    const kinds = Object.keys(remains[0]?.counts ?? {});
    const rows = remains.map(({ connectionId, stage, counts }) => [
      connectionId,
      stage,
      ...kinds.map((kind) => counts[kind] ?? 0),
    ]);
    return `${told}${table(["left of", "stage", ...kinds], rows, "There is no connection to look at.")}`;
  });
  return left === 0 ? 0 : 1;
}

/** As long as a change takes through the stream, a few times over. */
const secondPassAfterMs = 15_000;

async function erasePerson(api: ApiClient, values: Values, value: string, sleep: Sleep): Promise<number> {
  const tenantId = textOption(values, "tenant", "");
  if (tenantId === "") throw new UsageError("Say whose records to look in: --tenant <id>.");
  const pass = (known: readonly Found[], erase: boolean): Promise<PersonFound> =>
    passOverPerson(api, { tenantId, value, known, erase });
  const first = await pass([], false);
  if (!flag(values, "yes") || first.records.length + first.kept.length === 0) {
    const { records: found, partly, kept } = first;
    print(values, { found, partly, kept, removed: null, left: found.length + kept.length }, () => {
      const said = found.length + kept.length === 0 ? "" : "Say --yes to erase them.\n";
      return recordsTable(found) + keptTable(kept) + partlyText(partly) + said;
    });
    return 0;
  }
  const erased = await pass(first.records, true);
  process.stderr.write(`A second pass for what was on its way; ${secondPassAfterMs / 1_000} s.\n`);
  await sleep(secondPassAfterMs);
  const known = distinct([...first.records, ...erased.records]);
  const again = await pass(known, true);
  const left = await pass(known, false);
  const removed = [erased.removed, again.removed].reduce(addCounts, {});
  const count = left.records.length + left.kept.length;
  const { partly } = left;
  print(values, { found: first.records, partly, kept: first.kept, removed, left: count }, () => {
    const told = `Removed: ${countsText(removed)}\n`;
    return (
      recordsTable(first.records) +
      keptTable(first.kept) +
      told +
      partlyText(partly) +
      (count === 0 ? "Nothing is left.\n" : `Left: ${count}\n`)
    );
  });
  return count === 0 ? 0 : 1;
}

function recordsTable(found: readonly Found[]): string {
  const rows = found.map(({ connectionId, resource, externalId, at, formerVersion }) => {
    const state = formerVersion === null ? "" : ` (in its version ${formerVersion})`;
    return [connectionId, resource, externalId, `${at.join(", ")}${state}`];
  });
  return table(["connection", "resource", "id", "at"], rows, "No record of this tenant holds it.");
}

function partlyText(partly: number): string {
  if (partly === 0) return "";
  return `Records with earlier states that were not looked at: ${partly}. See docs/runbooks/erase.md.\n`;
}

function keptTable(kept: readonly FoundKept[]): string {
  const rows = kept.map((each) => [each.connectionId, each.kind, each.id]);
  return kept.length === 0 ? "" : table(["kept of", "kind", "id"], rows, "");
}

function countsText(counts: Counts): string {
  const told = Object.entries(counts).flatMap(([kind, count]) => (count === 0 ? [] : [`${count} ${kind}`]));
  return told.length === 0 ? "nothing was there" : told.join(", ");
}

function sumOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
