import { DynamoDBClient, GetItemCommand, paginateScan, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { mapBounded } from "../../lib/engine/map-bounded.ts";
import { tableNameFor } from "../../lib/engine/names.ts";
import { SeededRandom, VirtualClock } from "../support/memory/clock.ts";
import { openCapacityProxy } from "./support/capacity-proxy.ts";
import type { Capacity } from "./support/capacity-proxy.ts";
import { createImporter } from "./support/importer.ts";
import { pagesOf } from "./support/pages.ts";
import { judge, row } from "./support/report.ts";
import type { BenchResult } from "./support/report.ts";
import { stripeCharge } from "./support/stripe-event.ts";
import { openTableServer } from "./support/table-server.ts";

const stage = "bench";
const records = 10_000;
const changedShare = 0.03;
/** All records are alike, so the loop over every one of them is measured on some. */
const naiveRecords = 1_000;
const unchangedBudget = { kind: "at-most", limit: 0.01 } as const;
const dayMs = 86_400_000;
/** How long the partner takes for a page: at random between the two. */
const answers = { alike: [160, 240], uneven: [100, 1_000] } as const;

type Charge = Readonly<Record<string, unknown>>;
type Measured = "first" | "unchanged" | "uneven" | "changed" | "naive";
type Taken = Readonly<Record<string, Capacity>>;

/**
 * What a full pass costs in DynamoDB when nothing changed, and when a little did, against reading and writing every record:
 * the partner's pages come in another order each time.
 */
export async function resync(): Promise<BenchResult> {
  const server = await openTableServer(stage, {});
  const proxy = await openCapacityProxy(server.endpoint);
  try {
    const clock = new VirtualClock();
    const random = new SeededRandom(4);
    let [leastMs, mostMs]: readonly [number, number] = answers.alike;
    const charges = Array.from({ length: records }, (_, index): Charge => stripeCharge(index));
    let pages = pagesOf(shuffled(charges, 1));
    const importer = createImporter({
      stage,
      endpoint: proxy.endpoint,
      pages: { after: (id) => pages.after(id) },
      clock,
      answering: () => clock.advance(Math.round(leastMs + random.unit() * (mostMs - leastMs))),
    });
    const measure = async (work: () => Promise<void>): Promise<Taken> => {
      const before = proxy.taken();
      await work();
      return difference(proxy.taken(), before);
    };
    const first = await measure(() => importer.importAll());
    clock.advance(dayMs);
    pages = pagesOf(shuffled(charges, 2));
    const unchanged = await measure(() => importer.importAgain());
    clock.advance(dayMs);
    [leastMs, mostMs] = answers.uneven;
    const uneven = await measure(() => importer.importAgain());
    clock.advance(dayMs);
    [leastMs, mostMs] = answers.alike;
    const isChanged = (index: number) => index % Math.round(1 / changedShare) === 0;
    pages = pagesOf(
      shuffled(
        charges.map((charge, index) => (isChanged(index) ? { ...charge, amount: 7 } : charge)),
        3,
      ),
    );
    const changed = await measure(() => importer.importAgain());
    const keys = (await keysAt(server.endpoint)).slice(0, naiveRecords);
    const naive = await measure(() => readAndWriteAll(proxy.endpoint, keys));
    return report({ first, unchanged, uneven, changed, naive }, pages.bytesAnItem);
  } finally {
    await proxy.close();
    await server.close();
  }
}

function report(taken: Readonly<Record<Measured, Taken>>, bytesAnItem: number): BenchResult {
  const naive = scaled(taken.naive, records / naiveRecords);
  const all = { ...taken, naive };
  const share = (name: Measured, sum: (taken: Taken) => number) => [sum(all[name]) / sum(naive)];
  return {
    settings: { records, pageSize: 100, changedShare, naiveRecords, bytesARecord: bytesAnItem },
    rows: [
      row("full pass, nothing changed, records and index", "subject", "units", [unitsOf(ofRecords(all.unchanged))]),
      row("full pass, nothing changed, all tables", "subject", "units", [unitsOf(all.unchanged)]),
      row("the same, the partner's answers uneven", "subject", "units", [unitsOf(all.uneven)]),
      row("full pass, 3 % changed, all tables", "subject", "units", [unitsOf(all.changed)]),
      row("first import, all tables", "extra", "units", [unitsOf(all.first)]),
      row("read and write every record", "baseline", "units", [unitsOf(naive)]),
    ],
    verdicts: [
      judge(
        "nothing changed, records and index / naive",
        unchangedBudget,
        share("unchanged", (by) => unitsOf(ofRecords(by))),
      ),
      judge("nothing changed, all tables by price / naive", unchangedBudget, share("unchanged", priceOf)),
      judge(
        "nothing changed, all tables, a read as dear as a write / naive",
        unchangedBudget,
        share("unchanged", unitsOf),
      ),
      judge("the same, the partner's answers uneven", unchangedBudget, share("uneven", unitsOf)),
      judge("3 % changed, all tables / naive", { kind: "at-most", limit: 0.08 }, share("changed", unitsOf)),
    ],
    notes: [
      "Units are dynalite's count. All tables: also runs, connections and the gate, which takes a read and a write for a page's call, or for several.",
      `A page's call takes ${answers.alike.join(" to ")} ms of virtual time, or ${answers.uneven.join(" to ")} where answers are uneven.`,
      "AWS adds a write unit for each written record in the digests index, to ours and to the naive loop; dynalite does not.",
      "By price: a write unit costs five read units.",
      "Pages come in a random order each time. A day passes between the passes.",
    ],
    details: all,
  };
}

function ofRecords(taken: Taken): Taken {
  return Object.fromEntries(Object.entries(taken).filter(([name]) => name.endsWith(TableName)));
}

function scaled(taken: Taken, factor: number): Taken {
  return Object.fromEntries(
    Object.entries(taken).map(([name, { calls, units }]) => [name, { calls: calls * factor, units: units * factor }]),
  );
}

/** In read units: https://aws.amazon.com/dynamodb/pricing/on-demand/ */
function priceOf(taken: Taken): number {
  return Object.entries(taken).reduce(
    (sum, [name, { units }]) => sum + units * (/^(Put|Update)/.test(name) ? 5 : 1),
    0,
  );
}

const TableName = tableNameFor(stage, "records");
type Key = Record<string, AttributeValue>;

/** Reads each record whole and consistently, and writes it back. */
async function readAndWriteAll(endpoint: string, keys: readonly Key[]): Promise<void> {
  const client = clientAt(endpoint);
  await mapBounded(keys, 10, async (key) => {
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: key, ConsistentRead: true }));
    if (Item !== undefined) await client.send(new PutItemCommand({ TableName, Item }));
  });
  client.destroy();
}

async function keysAt(endpoint: string): Promise<readonly Key[]> {
  const client = clientAt(endpoint);
  const keys: Key[] = [];
  for await (const page of paginateScan({ client }, { TableName, ProjectionExpression: "pk, sk" }))
    keys.push(...(page.Items ?? []));
  client.destroy();
  return keys;
}

function clientAt(endpoint: string): DynamoDBClient {
  const credentials = { accessKeyId: "bench", secretAccessKey: "bench" };
  return new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
}

function difference(after: Taken, before: Taken): Taken {
  return Object.fromEntries(
    Object.entries(after).map(([name, { calls, units }]) => [
      name,
      { calls: calls - (before[name]?.calls ?? 0), units: units - (before[name]?.units ?? 0) },
    ]),
  );
}

function unitsOf(taken: Taken): number {
  return Object.values(taken).reduce((sum, { units }) => sum + units, 0);
}

/** The same order for the same seed. */
function shuffled<T>(things: readonly T[], seed: number): readonly T[] {
  const random = new SeededRandom(seed);
  return things
    .map((thing) => ({ thing, at: random.unit() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ thing }) => thing);
}
