import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { ApiClient } from "./api-client.ts";
import { textOption } from "./command.ts";
import type { Command } from "./command.ts";
import { apiHelp, apiOf, apiOptions } from "./support/api-access.ts";
import { connectionIdOf, wordsOf } from "./support/find-connection.ts";
import { print } from "./support/print.ts";
import { table } from "./support/table.ts";
import { UsageError } from "./usage-error.ts";

const Compared = z.looseObject({
  comparisons: z.array(
    z.looseObject({
      resource: z.string(),
      status: z.enum(["never", "running", "done"]),
      counts: z.record(z.string(), z.number()).nullable(),
      things: z.array(z.looseObject({ externalId: z.string(), outcome: z.string().nullable() })),
    }),
  ),
});
type Compared = z.infer<typeof Compared>;

const lookEveryMs = 1_000;
const looksMax = 300;

export const compareCommand: Command = {
  name: "compare",
  summary: "fetch a sample of records by id and compare them with what is stored",
  help: `Usage: npm run sluice -- compare <connection> [options]

Same, different or gone (the partner had something else, or nothing: what it has is stored now), unfit (what it sent does not
fit the driver's schema; parked), refused (it would not give the thing). A thing that changed a moment ago counts as different,
too. Exit 1 when anything is not the same, or the comparison did not end within five minutes.

Options
  --resource <name>   only this one
  --sample <count>    records of each resource, at most 50 (default 20)
${apiHelp}

Examples
  npm run sluice -- compare stripe
  npm run sluice -- compare stripe --resource charges --sample 5
`,
  options: { ...apiOptions, resource: { type: "string" }, sample: { type: "string" } },
  async run(values, positionals) {
    const [said = ""] = wordsOf(positionals, "compare <connection> [options]", 1);
    const sample = Number(textOption(values, "sample", "20"));
    if (!Number.isInteger(sample) || sample < 1 || sample > 50) throw new UsageError("--sample is 1 to 50.");
    const resource = textOption(values, "resource", "");
    const api = apiOf(values);
    const id = await connectionIdOf(api, said);
    const body = { sample, ...(resource !== "" && { resource }) };
    const asked = await api.send("POST", `/connections/${id}/compare`, body, Compared);
    const names = new Set(asked.comparisons.map((each) => each.resource));
    const { comparisons } = await waitFor(api, id, names);
    print(values, { connectionId: id, comparisons }, () => comparedText(comparisons));
    const isSame = ({ things }: Compared["comparisons"][number]): boolean =>
      things.every(({ outcome }) => outcome === "same");
    return comparisons.every((each) => each.status === "done" && isSame(each)) ? 0 : 1;
  },
};

async function waitFor(api: ApiClient, id: string, names: ReadonlySet<string>): Promise<Compared> {
  for (let look = 0; ; look++) {
    const { comparisons } = await api.get(`/connections/${id}/compare`, Compared);
    const asked = comparisons.filter(({ resource }) => names.has(resource));
    if (look >= looksMax || asked.every(({ status }) => status === "done")) return { comparisons: asked };
    await sleep(lookEveryMs);
  }
}

function comparedText(comparisons: Compared["comparisons"]): string {
  const outcomes = ["same", "different", "gone", "unfit", "refused"];
  const rows = comparisons.map(({ resource, status, counts }) => [
    resource,
    status,
    ...outcomes.map((outcome) => counts?.[outcome] ?? 0),
  ]);
  const others = comparisons.flatMap(({ resource, things }) =>
    things.flatMap(({ externalId, outcome }) =>
      outcome === "same" ? [] : [`  ${outcome ?? "not yet"}  ${resource}/${externalId}`],
    ),
  );
  const list = others.length === 0 ? "" : `\n${others.join("\n")}\n`;
  return `${table(["resource", "status", ...outcomes], rows, "The partner has no resources.")}${list}`;
}
