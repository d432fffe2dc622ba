import { fewWorkers, openPipelineWorld } from "./support/pipeline-world.ts";
import type { PipelineWorld } from "./support/pipeline-world.ts";
import { cpuMsOfTree } from "./support/process-tree.ts";
import { judge, row } from "./support/report.ts";
import type { BenchResult, Row } from "./support/report.ts";
import { byRound, interleave } from "./support/rounds.ts";

const webhooks = 200;
/** As many as are under way at the sender, for all contestants. */
const atOnce = 4;
const deployedMsMax = 25_000;
const budget = { kind: "at-least", limit: 0.5 } as const;

interface Pass {
  readonly wallMs: number;
  /** Of all processes together. Where the system does not tell, the wall clock stands in. */
  readonly cpuMs: number;
}

/** Webhooks on their whole way to records on the local stack, against sending, receiving and putting on the same services. */
export async function pipeline(options: { readonly rounds: number | null }): Promise<BenchResult> {
  const world = await openPipelineWorld();
  try {
    let next = 0;
    const take = (): number => (next += webhooks) - webhooks;
    const measured = await interleave(
      {
        ours: () => throughStack(world, world.webhookUrls.few, take()),
        wholeWay: () => bareLoop(world, true, take()),
        bare: () => bareLoop(world, false, take()),
      },
      { rounds: options.rounds ?? 15, warmUps: 2, roundsMin: 2, timeMsMax: 55_000 },
    );
    const deployed = await asDeployed(world, take());
    return {
      settings: { rounds: measured.ours.length, webhooks, atOnce, workers: fewWorkers },
      rows: [
        ...rowsOf(`webhook to record, ${fewWorkers} workers`, "subject", measured.ours),
        ...rowsOf("bare send, receive, put", "baseline", measured.bare),
        ...rowsOf("bare, with HTTP in and out", "baseline", measured.wholeWay),
        row("webhook to record, workers as deployed", "extra", "records/s", [deployed]),
      ],
      verdicts: [
        judge(
          "records a second, ours / bare",
          budget,
          byRound(measured, ({ ours, bare }) => bare.wallMs / ours.wallMs),
        ),
        judge(
          "the same by processor time",
          budget,
          byRound(measured, ({ ours, bare }) => bare.cpuMs / ours.cpuMs),
        ),
      ],
      notes: [
        "Services, every worker's own process, the partner and the sender share the machine's cores.",
        "Ours goes through the HTTP API and two functions, reads the connection, asks the gate, calls the partner back and compares before it writes.",
        "Bare with HTTP in and out: one process verifies, sends, receives, fetches from the partner and puts.",
        "Lifted: the partner's limits and the throttle of the webhook's route. Workers as deployed are up to ten a lane with ten messages each: they contend for the account's one gate item.",
      ],
    };
  } finally {
    await world.stop();
  }
}

async function throughStack({ stack, client, records }: PipelineWorld, url: string, first: number): Promise<Pass> {
  await records.skip();
  const passed = startPass();
  const written = records.written(webhooks);
  await client.run({
    kind: "webhooks",
    url,
    first,
    count: webhooks,
    atOnce,
  });
  await written;
  const pass = passed();
  // What is left of this round (messages to delete) must not fall on the next.
  await stack.idle();
  return pass;
}

/** Once and at the end, as what is not done after its time is left behind. */
async function asDeployed({ client, records, webhookUrls }: PipelineWorld, first: number): Promise<number> {
  await records.skip();
  const startedMs = performance.now();
  const written = records.writtenWithin(webhooks, deployedMsMax);
  await client.run({ kind: "webhooks", url: webhookUrls.deployed, first, count: webhooks, atOnce });
  return ((await written) * 1000) / (performance.now() - startedMs);
}

async function bareLoop({ stack, client, ...world }: PipelineWorld, wholeWay: boolean, first: number): Promise<Pass> {
  const { endpoint, operator } = stack.services;
  const passed = startPass();
  await client.run({
    kind: "bare",
    wholeWay,
    endpoint,
    credentials: { accessKeyId: operator.accessKeyId, secretAccessKey: operator.secretAccessKey },
    queueUrl: world.bareQueueUrl,
    table: world.bareTable,
    first,
    count: webhooks,
    atOnce,
  });
  return passed();
}

function startPass(): () => Pass {
  const startedMs = performance.now();
  const cpuMsBefore = cpuMsOfTree();
  return () => {
    const wallMs = performance.now() - startedMs;
    const cpuMsAfter = cpuMsOfTree();
    return { wallMs, cpuMs: cpuMsBefore === null || cpuMsAfter === null ? wallMs : cpuMsAfter - cpuMsBefore };
  };
}

function rowsOf(what: string, role: Row["role"], passes: readonly Pass[]): readonly Row[] {
  return [
    row(
      what,
      role,
      "records/s",
      passes.map(({ wallMs }) => (webhooks * 1000) / wallMs),
    ),
    row(
      `${what}, processor time`,
      "extra",
      "ms/record",
      passes.map(({ cpuMs }) => cpuMs / webhooks),
    ),
  ];
}
