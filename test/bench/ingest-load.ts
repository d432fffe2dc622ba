import { stripe } from "../../lib/partners/index.ts";
import { kilobytes, makeBundleFolder } from "./support/bundle.ts";
import { startFunction } from "./support/function-process.ts";
import { judge, row } from "./support/report.ts";
import type { BenchResult, Row } from "./support/report.ts";
import { byRound, interleave } from "./support/rounds.ts";
import { openStandIn } from "./support/stand-in.ts";
import { content, environmentAt, webhookEvent } from "./support/webhook-world.ts";

/** Milliseconds since the process began, unless it says otherwise. */
interface Start {
  readonly readyMs: number;
  readonly readyCpuMs: number;
  readonly answeredMs: number;
  readonly answeredCpuMs: number;
  readonly rssMb: number;
}

type Figure = keyof Start;

const names = ["ours", "sdk", "bare"] as const;
type Name = (typeof names)[number];

const titles: Readonly<Record<Name, string>> = {
  ours: "webhook-ingest",
  sdk: "SDK client-sqs + Powertools + middy",
  bare: "bare Node",
};

const budget = { kind: "at-most", limit: 0.4 } as const;

/** How long a fresh process takes until its handler can be called: our webhook function, the usual way to write one, and nothing. */
export async function ingestLoad(options: { readonly rounds: number | null }): Promise<BenchResult> {
  const folder = makeBundleFolder();
  const standIn = await openStandIn(content);
  try {
    const bundles: Readonly<Record<Name, string>> = {
      ours: folder.webhookIngest(stripe),
      sdk: folder.own(new URL("support/sdk-handler.ts", import.meta.url)),
      bare: folder.empty(),
    };
    const environment = environmentAt(standIn.endpoint);
    let webhooks = 0;
    const start = (name: Name) => (): Promise<Start> => startOnce(bundles[name], environment, webhooks++);
    const measured = await interleave(
      { ours: start("ours"), sdk: start("sdk"), bare: start("bare") },
      { rounds: options.rounds ?? 40, warmUps: 2, roundsMin: 20, timeMsMax: 80_000 },
    );
    const added = (figure: Figure): readonly number[] =>
      byRound(measured, ({ ours, sdk, bare }) => (ours[figure] - bare[figure]) / (sdk[figure] - bare[figure]));
    return {
      settings: { rounds: measured.ours.length, ...sizes(bundles) },
      rows: [
        ...names.flatMap((name) => rowsOf(name, measured[name])),
        row("first answer over bare Node, ours / SDK bundle's", "extra", "x", added("answeredMs")),
        row("the same in processor time", "extra", "x", added("answeredCpuMs")),
      ],
      verdicts: [
        judge("load over bare Node, ours / SDK bundle's", budget, added("readyMs")),
        judge("the same in processor time", budget, added("readyCpuMs")),
      ],
      notes: [
        "Ready: since the process began until the handler has been imported, with the template's NODE_OPTIONS.",
        "Answered: until the first webhook has been taken. Ours makes two calls for it (secret, queue), the SDK's one, bare Node none.",
        "Bundles come from a warm file cache; Lambda's first load of a new function is slower for all three.",
      ],
    };
  } finally {
    await standIn.close();
    folder.remove();
  }
}

async function startOnce(bundle: string, environment: Readonly<Record<string, string>>, index: number): Promise<Start> {
  const started = await startFunction(bundle, environment);
  try {
    const { answer, sinceStartMs, cpuMs } = await started.invoke(
      webhookEvent(index, { bytes: 2_000, connectionId: null }),
    );
    if (answer.statusCode >= 300)
      throw new Error(`${bundle} answered ${answer.statusCode} to a rightly signed webhook`);
    const { ready } = started;
    return {
      readyMs: ready.readyMs,
      readyCpuMs: ready.cpuMs,
      answeredMs: sinceStartMs,
      answeredCpuMs: cpuMs,
      rssMb: ready.rssMb,
    };
  } finally {
    await started.stop();
  }
}

function rowsOf(name: Name, starts: readonly Start[]): readonly Row[] {
  const of = (figure: Figure): readonly number[] => starts.map((start) => start[figure]);
  return [
    row(`${titles[name]}: ready`, name === "ours" ? "subject" : "baseline", "ms", of("readyMs")),
    row(`${titles[name]}: ready, processor time`, "extra", "ms", of("readyCpuMs")),
    row(`${titles[name]}: first webhook answered`, "extra", "ms", of("answeredMs")),
    row(`${titles[name]}: first webhook answered, processor time`, "extra", "ms", of("answeredCpuMs")),
    row(`${titles[name]}: memory when ready`, "extra", "MB", of("rssMb")),
  ];
}

function sizes(bundles: Readonly<Record<Name, string>>): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name) => [`${name}Kb`, kilobytes(bundles[name])]));
}
