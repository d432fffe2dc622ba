import { kilobytes, makeBundleFolder } from "./support/bundle.ts";
import { startFunction } from "./support/function-process.ts";
import { judge, row } from "./support/report.ts";
import type { BenchResult, Row } from "./support/report.ts";
import { byRound, interleave } from "./support/rounds.ts";
import { openStandIn } from "./support/stand-in.ts";
import { content, environmentAt, webhookEvent } from "./support/webhook-world.ts";

interface Start {
  readonly readyMs: number;
  readonly cpuMs: number;
  /** From the process's beginning to its first webhook's answer; for bare Node, to an empty answer. */
  readonly answeredMs: number;
  readonly rssMb: number;
}

const names = ["ours", "sdk", "bare"] as const;
type Name = (typeof names)[number];

const titles: Readonly<Record<Name, string>> = {
  ours: "webhook-ingest",
  sdk: "SDK client-sqs + Powertools + middy",
  bare: "bare Node",
};

/** How long a fresh process takes until its handler can be called: our webhook function, the usual way to write one, and nothing. */
export async function ingestLoad(options: { readonly rounds: number | null }): Promise<BenchResult> {
  const rounds = options.rounds ?? 40;
  const folder = makeBundleFolder();
  const standIn = await openStandIn(content);
  try {
    const bundles: Readonly<Record<Name, string>> = {
      ours: folder.ours("webhook-ingest"),
      sdk: folder.own("sdk-handler.ts"),
      bare: folder.empty(),
    };
    const starts: Record<Name, Start[]> = { ours: [], sdk: [], bare: [] };
    const environment = environmentAt(standIn.endpoint);
    let webhooks = 0;
    const startOf = (name: Name) => async (): Promise<number> => {
      const start = await startOnce(bundles[name], environment, webhooks++);
      starts[name].push(start);
      return start.readyMs;
    };
    const warmUps = 3;
    const bounds = { rounds, warmUps, roundsMin: 20, timeMsMax: 90_000 };
    const readyMs = await interleave({ ours: startOf("ours"), sdk: startOf("sdk"), bare: startOf("bare") }, bounds);
    const counted = (name: Name): readonly Start[] => starts[name].slice(warmUps);
    const shareOf = (figure: (start: Start) => number): readonly number[] => {
      const of = (name: Name): readonly number[] => counted(name).map(figure);
      return byRound({ ours: of("ours"), sdk: of("sdk"), bare: of("bare") }, addedShare);
    };
    return {
      settings: { rounds: readyMs.ours.length, ...sizes(bundles) },
      rows: names.flatMap((name) => rowsOf(name, counted(name))),
      verdicts: [
        judge(
          "load over bare Node, ours / SDK bundle's",
          { kind: "at-most", limit: 0.4 },
          shareOf((start) => start.readyMs),
        ),
      ],
      notes: [
        "Ready: milliseconds from the process's beginning until the handler has been imported.",
        "Answered: until the first webhook has been taken, its calls made to a stand-in on loopback; bare Node makes none.",
        "Bundles come from a warm file cache; Lambda's first load of a new function is slower for all three.",
      ],
      details: {
        processorTimeShare: row(
          "CPU over bare Node, ours / SDK bundle's",
          "extra",
          "x",
          shareOf((start) => start.cpuMs),
        ),
        firstAnswerShare: row(
          "first answer over bare Node, ours / SDK bundle's",
          "extra",
          "x",
          shareOf((start) => start.answeredMs),
        ),
      },
    };
  } finally {
    await standIn.close();
    folder.remove();
  }
}

async function startOnce(bundle: string, environment: Readonly<Record<string, string>>, index: number): Promise<Start> {
  const process = await startFunction(bundle, environment);
  try {
    const { answer, sinceStartMs } = await process.invoke(webhookEvent(index, { bytes: 2_000, connectionId: null }));
    if (answer.statusCode >= 300)
      throw new Error(`${bundle} answered ${answer.statusCode} to a rightly signed webhook`);
    return { ...process.ready, answeredMs: sinceStartMs };
  } finally {
    await process.stop();
  }
}

function addedShare({ ours, sdk, bare }: Readonly<Record<Name, number>>): number {
  return (ours - bare) / (sdk - bare);
}

function rowsOf(name: Name, starts: readonly Start[]): readonly Row[] {
  const role = name === "ours" ? "subject" : "baseline";
  return [
    row(
      `${titles[name]}: ready`,
      role,
      "ms",
      starts.map((start) => start.readyMs),
    ),
    row(
      `${titles[name]}: ready, CPU`,
      "extra",
      "ms",
      starts.map((start) => start.cpuMs),
    ),
    row(
      `${titles[name]}: first webhook answered`,
      "extra",
      "ms",
      starts.map((start) => start.answeredMs),
    ),
    row(
      `${titles[name]}: memory when ready`,
      "extra",
      "MB",
      starts.map((start) => start.rssMb),
    ),
  ];
}

function sizes(bundles: Readonly<Record<Name, string>>): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name) => [`${name}Kb`, kilobytes(bundles[name])]));
}
