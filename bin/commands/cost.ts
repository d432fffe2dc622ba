import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import type { SluiceConfig } from "../../lib/engine/config.ts";
import { judgeBudgets } from "../../lib/engine/cost/budgets.ts";
import type { BudgetVerdict } from "../../lib/engine/cost/budgets.ts";
import type { Assumptions } from "../../lib/engine/cost/flow-calls.ts";
import { modelMonth } from "../../lib/engine/cost/model-month.ts";
import type { Load, Month } from "../../lib/engine/cost/model-month.ts";
import { textOption } from "./command.ts";
import type { Command, Values } from "./command.ts";
import { wordsOf } from "./support/find-connection.ts";
import { countOf, numberOf } from "./support/numbers.ts";
import { print } from "./support/print.ts";
import { table } from "./support/table.ts";
import { UsageError } from "./usage-error.ts";

export const costCommand: Command = {
  name: "cost",
  summary: "the modelled month of this configuration, by line",
  help: `Usage: npm run sluice -- cost [options]

Reads sluice.config.ts and needs no stack. A model, not a bill: calls counted from the code, durations assumed, prices from
secondary sources (lib/engine/cost); without storage, transfer, retries and failures. Read the vendor's page.

Options
  --connections <count>  connections of each partner, all on its schedule (default 1)
  --webhooks <count>     webhooks a day, over all partners (default 1000)
  --changes <percent>    of what webhooks have fetched, how much has changed (default 30)
  --found <count>        changes a day that imports find, over all partners, as no webhook told of them (default 0)
  --things <count>       things that a resource of a connection has, for full passes (default 1000)
  --record-kb <count>    size of a record (default 1)
  --batch <count>        messages that a consumer gets at once: 1 when quiet, 10 when busy (default 1)
  --pollers <count>      an idle queue's pollers: Lambda keeps 2 to 5 (default 5)
  --config <file>        another configuration (default sluice.config.ts here)
  --json                 for programs: one JSON document

Examples
  npm run sluice -- cost
  npm run sluice -- cost --connections 200 --webhooks 50000 --changes 50
  npm run sluice -- cost --connections 0 --webhooks 0 --pollers 2 --json
`,
  options: {
    connections: { type: "string" },
    webhooks: { type: "string" },
    changes: { type: "string" },
    found: { type: "string" },
    things: { type: "string" },
    "record-kb": { type: "string" },
    batch: { type: "string" },
    pollers: { type: "string" },
    config: { type: "string" },
    json: { type: "boolean" },
  },
  async run(values, positionals) {
    wordsOf(positionals, "cost [options]", 0);
    const load: Load = {
      partners: await partnersIn(resolve(textOption(values, "config", join(process.cwd(), "sluice.config.ts")))),
      connectionsEach: numberOf(values, "connections", 1, { min: 0, max: 1e7 }),
      webhooksADay: numberOf(values, "webhooks", 1_000, { min: 0, max: 1e9 }),
      changedShare: numberOf(values, "changes", 30, { min: 0, max: 100 }) / 100,
      foundADay: numberOf(values, "found", 0, { min: 0, max: 1e9 }),
      thingsEach: numberOf(values, "things", 1_000, { min: 0, max: 1e9 }),
    };
    const assumptions = assumptionsOf(values);
    const month = modelMonth(load, assumptions);
    const budgets = judgeBudgets(assumptions);
    print(values, { ...month, budgets }, () => monthText(month, budgets));
    return 0;
  },
};

function assumptionsOf(values: Values): Assumptions {
  return {
    batch: countOf(values, "batch", 1, 10),
    pollers: numberOf(values, "pollers", 5, { min: 2, max: 5 }),
    recordKb: countOf(values, "record-kb", 1, 380),
  };
}

const Resource = z.custom<SluiceConfig["partners"][number]["resources"][string]>(
  (value) => z.object({ everyMs: z.number(), fullEveryMs: z.number() }).safeParse(value).success,
);
const Config = z.object({
  default: z.object({
    partners: z.array(z.object({ name: z.string(), resources: z.record(z.string(), Resource) })),
  }),
});

async function partnersIn(file: string): Promise<Load["partners"]> {
  if (!existsSync(file))
    throw new UsageError(`There is no ${file}: run this in the folder of your Sluice project, or give --config.`);
  const loaded: unknown = await import(pathToFileURL(file).href);
  const config = Config.safeParse(loaded);
  if (!config.success) throw new UsageError(`${file} exports no configuration by default; see defineConfig.`);
  return config.data.default.partners;
}

function monthText(month: Month, budgets: readonly BudgetVerdict[]): string {
  const lines = [...month.lines]
    .toSorted((a, b) => b.dollars - a.dollars)
    .map((line) => [line.title, amountText(line.amount), dollarsText(line.dollars)]);
  const flows = [...month.flows]
    .toSorted((a, b) => b.dollars - a.dollars)
    .map((flow) => [flow.each, amountText(flow.times), dollarsText(flow.dollars)]);
  const verdicts = budgets.map((budget) => [
    budget.what,
    dollarsText(budget.dollarsMax),
    `${dollarsText(budget.dollarsLeast)} to ${dollarsText(budget.dollarsMost)}`,
    holdsText[budget.holds],
  ]);
  return [
    table(["a month, by line", "amount", "dollars"], [...lines, ["total", "", dollarsText(month.dollars)]], ""),
    table(["by what is done", "times", "dollars"], flows, ""),
    table(["budget", "at most", "modelled", ""], verdicts, ""),
    "A model with prices from secondary sources: read the vendor's page. Without storage, transfer, retries and failures.",
  ].join("\n");
}

const holdsText = { always: "holds", "at-best": "holds only when busy, with few pollers", never: "EXCEEDED" } as const;

function amountText(amount: number): string {
  return amount >= 100 ? Math.round(amount).toLocaleString("en-US") : String(Math.round(amount * 100) / 100);
}

function dollarsText(dollars: number): string {
  return `$${dollars.toFixed(2)}`;
}
