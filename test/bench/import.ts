import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { mapBounded } from "../../lib/engine/map-bounded.ts";
import { tableNameFor } from "../../lib/engine/names.ts";
import { openCapacityProxy } from "./support/capacity-proxy.ts";
import type { Capacity } from "./support/capacity-proxy.ts";
import { elapsed } from "./support/elapsed.ts";
import type { Elapsed } from "./support/elapsed.ts";
import { createImporter } from "./support/importer.ts";
import { chargePages } from "./support/pages.ts";
import type { ChargePages } from "./support/pages.ts";
import { judge, row } from "./support/report.ts";
import type { BenchResult, Row } from "./support/report.ts";
import { byRound, interleave } from "./support/rounds.ts";
import { openTableServer } from "./support/table-server.ts";

const stage = "bench";
const plainTable = "plain";
const records = 2_000;
/** As saveRecords writes. */
const writesAtOnce = 10;
const budget = { kind: "at-least", limit: 0.5 } as const;

/** An import of a list's pages into records, against parsing the same pages and putting every item. */
export async function importBench(options: { readonly rounds: number | null }): Promise<BenchResult> {
  const pages = chargePages(records);
  const server = await openTableServer(stage, {
    [plainTable]: { partitionKey: "pk", sortKey: { name: "sk", type: "string" } },
  });
  try {
    const importer = createImporter({ stage, endpoint: server.endpoint, pages });
    const putter = createPutter(server.endpoint);
    const measured = await interleave(
      {
        ours: () => elapsed(() => importer.importAll()),
        bare: () => elapsed(() => putter.putAll(pages, tableNameFor(stage, "records"))),
        plain: () => elapsed(() => putter.putAll(pages, plainTable)),
      },
      { rounds: options.rounds ?? 15, warmUps: 2, roundsMin: 5, timeMsMax: 70_000 },
    );
    putter.close();
    const units = await countUnits(server.endpoint, pages);
    return {
      settings: { rounds: measured.ours.length, records, pageSize: 100, writesAtOnce, bytesARecord: pages.bytesAnItem },
      rows: [
        ...rowsOf("pushRun on AWS ports", "subject", measured.ours),
        ...rowsOf("parse and PutItem, the records table", "baseline", measured.bare),
        ...rowsOf("parse and PutItem, a table without an index", "baseline", measured.plain),
      ],
      verdicts: [
        judge(
          "records a second, ours / bare on the same table",
          budget,
          byRound(measured, ({ ours, bare }) => bare.wallMs / ours.wallMs),
        ),
        judge(
          "the same by processor time",
          budget,
          byRound(measured, ({ ours, bare }) => bare.cpuMs / ours.cpuMs),
        ),
        judge(
          "by processor time, ours / bare on a table without an index",
          budget,
          byRound(measured, ({ ours, plain }) => plain.cpuMs / ours.cpuMs),
        ),
      ],
      notes: [
        "dynalite serves both from this process, so its work counts on both sides; the partner answers from memory.",
        "The driver is Stripe's with its limits lifted: the gate is asked for every page and never the bottleneck.",
        "Units are dynalite's count of tables alone; on AWS each written record costs one write unit more in the digests index.",
      ],
      details: { units },
    };
  } finally {
    await server.close();
  }
}

function rowsOf(what: string, role: Row["role"], measured: readonly Elapsed[]): readonly Row[] {
  return [
    row(
      what,
      role,
      "records/s",
      measured.map(({ wallMs }) => (records * 1000) / wallMs),
    ),
    row(
      `${what}, processor time`,
      "extra",
      "µs/record",
      measured.map(({ cpuMs }) => (cpuMs * 1000) / records),
    ),
  ];
}

function createPutter(endpoint: string): { putAll(pages: ChargePages, table: string): Promise<void>; close(): void } {
  const client = new DynamoDBClient({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
  });
  let pass = 0;
  return {
    async putAll(pages, table) {
      const pk = `bench#${pass++}`;
      for (const bytes of pages.bodies) {
        // Our own pages.
        const page = JSON.parse(bytes.toString()) as { data: { id: string }[] };
        await mapBounded(page.data, writesAtOnce, async (item) => {
          const Item = { pk: { S: pk }, sk: { S: item.id }, body: { S: JSON.stringify(item) } };
          await client.send(new PutItemCommand({ TableName: table, Item }));
        });
      }
    },
    close: () => client.destroy(),
  };
}

/** Apart from the timed rounds: the proxy that counts takes time of its own. */
async function countUnits(target: string, pages: ChargePages): Promise<object> {
  const proxy = await openCapacityProxy(target);
  try {
    const importer = createImporter({ stage, endpoint: proxy.endpoint, pages });
    await importer.importAll();
    const first = perRecord(proxy.taken());
    await importer.importAgain();
    return { firstImport: first, both: perRecord(proxy.taken()) };
  } finally {
    await proxy.close();
  }
}

function perRecord(taken: Readonly<Record<string, Capacity>>): Readonly<Record<string, Capacity>> {
  return Object.fromEntries(
    Object.entries(taken).map(([name, { calls, units }]) => [name, { calls: calls / records, units: units / records }]),
  );
}
