import * as z from "zod";
import type { ApiClient } from "./api-client.ts";
import { textOption } from "./command.ts";
import type { Command } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { connectionIdOf, wordsOf } from "./support/find-connection.ts";
import { print } from "./support/print.ts";
import { ConnectionWhole } from "./support/shapes.ts";
import { table } from "./support/table.ts";

const RebuiltPage = z.looseObject({
  checked: z.number(),
  same: z.number(),
  others: z.array(z.object({ externalId: z.string(), verdict: z.enum(["behind", "gap", "different"]) })),
  repaired: z.number(),
  next: z.string().nullable(),
});

/** Ten million records at a hundred a page. */
const pagesMax = 100_000;
const othersShownMax = 50;

interface ResourceResult {
  readonly resource: string;
  readonly checked: number;
  readonly same: number;
  readonly behind: number;
  readonly gaps: number;
  readonly different: number;
  readonly repaired: number;
  /** The first of those that are not the same. */
  readonly others: readonly { readonly externalId: string; readonly verdict: string }[];
}

export const rebuildCommand: Command = {
  name: "rebuild",
  summary: "prove that history alone gives the same records",
  help: `Usage: npm run sluice -- rebuild <connection> [options]

Rebuilds every record from its history and compares it with what is stored: same, behind (written a moment ago, the stream
still has to tell of it), gap (the history ends too early), different. Exit 1 when there is a gap that was not repaired, or a
record that is different.

Options
  --resource <name>   only this one
  --repair            put the last state at the end of a history that ends too early, and tell of it on the bus
${apiHelp}

Examples
  npm run sluice -- rebuild stripe
  npm run sluice -- rebuild stripe --resource customers --repair
`,
  options: { ...apiOptions, resource: { type: "string" }, repair: { type: "boolean" } },
  async run(values, positionals) {
    const [said = ""] = wordsOf(positionals, "rebuild <connection> [options]", 1);
    const api = apiOf(values);
    const id = await connectionIdOf(api, said);
    const only = textOption(values, "resource", "");
    const resources = only === "" ? await resourcesOf(api, id) : [only];
    const results: ResourceResult[] = [];
    for (const resource of resources) results.push(await rebuild(api, id, resource, values["repair"] === true));
    print(values, { connectionId: id, resources: results }, () => rebuiltText(results));
    return results.some((result) => result.different > 0 || result.gaps > result.repaired) ? 1 : 0;
  },
};

async function resourcesOf(api: ApiClient, id: string): Promise<readonly string[]> {
  const connection = await api.get(`/connections/${id}`, ConnectionWhole);
  return connection.resources.map(({ resource }) => resource);
}

async function rebuild(api: ApiClient, id: string, resource: string, repair: boolean): Promise<ResourceResult> {
  const sum = { checked: 0, same: 0, behind: 0, gaps: 0, different: 0, repaired: 0 };
  const others: ResourceResult["others"][number][] = [];
  let cursor: string | null = null;
  for (let page = 0; page < pagesMax; page++) {
    const body: Record<string, unknown> = { repair, ...(cursor !== null && { cursor }) };
    const rebuilt: z.infer<typeof RebuiltPage> = await api.send(
      "POST",
      `/connections/${id}/rebuild/${encodeURIComponent(resource)}`,
      body,
      RebuiltPage,
    );
    const count = (verdict: string): number => rebuilt.others.filter((other) => other.verdict === verdict).length;
    sum.checked += rebuilt.checked;
    sum.same += rebuilt.same;
    sum.behind += count("behind");
    sum.gaps += count("gap");
    sum.different += count("different");
    sum.repaired += rebuilt.repaired;
    others.push(...rebuilt.others.slice(0, othersShownMax - others.length));
    cursor = rebuilt.next;
    if (cursor === null) return { resource, ...sum, others };
  }
  throw new Error(`${resource}: more records than this command goes through; give it fewer connections.`);
}

function rebuiltText(results: readonly ResourceResult[]): string {
  const titles = ["resource", "records", "same", "behind", "gaps", "repaired", "different"];
  const rows = results.map(({ resource, checked, same, behind, gaps, repaired, different }) => [
    resource,
    checked,
    same,
    behind,
    gaps,
    repaired,
    different,
  ]);
  const named = results.flatMap(({ resource, others }) =>
    others.map(({ externalId, verdict }) => `  ${verdict}  ${resource}/${externalId}`),
  );
  const list = named.length === 0 ? "" : `\n${named.join("\n")}\n`;
  return `${table(titles, rows, "The connection has no resources yet.")}${list}`;
}
