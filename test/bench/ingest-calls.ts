import { stripe } from "../../lib/partners/index.ts";
import { makeBundleFolder } from "./support/bundle.ts";
import { startFunction } from "./support/function-process.ts";
import type { FunctionProcess } from "./support/function-process.ts";
import { priceByLine } from "./support/prices.ts";
import { judge, row } from "./support/report.ts";
import type { BenchResult, Row, Verdict } from "./support/report.ts";
import { openStandIn } from "./support/stand-in.ts";
import type { SeenCall, StandIn } from "./support/stand-in.ts";
import { connectionId, content, environmentAt, strangersId, webhookEvent } from "./support/webhook-world.ts";

interface Scenario {
  readonly what: string;
  readonly bytes: number;
  readonly connectionId: string | null;
  readonly status: number;
  /** Bodies too large for a message go to the bucket first, which the budget leaves out. */
  readonly counted: boolean;
}

const scenarios: readonly Scenario[] = [
  { what: "partner-wide secret", bytes: 2_000, connectionId: null, status: 202, counted: true },
  { what: "connection's own secret", bytes: 2_000, connectionId, status: 202, counted: true },
  { what: "body by claim check", bytes: 450_000, connectionId, status: 202, counted: false },
  { what: "stranger's connection id", bytes: 2_000, connectionId: strangersId, status: 404, counted: false },
];

const coldBudget = { kind: "at-most", limit: 3 } as const;
const warmBudget = { kind: "at-most", limit: 1 } as const;
const warmsAProcess = 5;
/** Assumed of Lambda, and the same for every line: what a handler takes there is not measured here. */
const assumed = { memoryGb: 0.25, seconds: 0.01 };

interface Count {
  readonly calls: readonly SeenCall[];
  readonly loggedBytes: number;
}

/** How many calls to AWS one webhook makes, by a fresh environment and by a warm one, and what they cost. */
export async function ingestCalls(options: { readonly rounds: number | null }): Promise<BenchResult> {
  const rounds = options.rounds ?? 3;
  const folder = makeBundleFolder();
  const standIn = await openStandIn(content);
  try {
    const bundle = folder.webhookIngest(stripe);
    const rows: Row[] = [];
    const verdicts: Verdict[] = [];
    const details: Record<string, unknown> = {};
    for (const scenario of scenarios) {
      const counts = await countScenario(scenario, { bundle, standIn, rounds });
      const calls = (of: readonly Count[]): readonly number[] => of.map((count) => count.calls.length);
      const role = scenario.counted ? "subject" : "extra";
      rows.push(row(`${scenario.what}: cold`, role, "calls", calls(counts.cold)));
      rows.push(row(`${scenario.what}: warm`, role, "calls", calls(counts.warm)));
      if (scenario.counted) {
        verdicts.push(judge(`${scenario.what}: cold`, coldBudget, calls(counts.cold), "calls"));
        verdicts.push(judge(`${scenario.what}: warm`, warmBudget, calls(counts.warm), "calls"));
      }
      details[scenario.what] = { cold: detailOf(counts.cold[0]), warm: detailOf(counts.warm.at(-1)) };
    }
    return {
      settings: { rounds, warmsAProcess, lambdaGbAssumed: assumed.memoryGb, lambdaSecondsAssumed: assumed.seconds },
      rows,
      verdicts,
      notes: [
        "A warm environment asks for the secret and the connection again once a minute.",
        "Dollars a million are in the JSON, by line: prices from secondary sources, so read the vendors' own pages.",
      ],
      details,
    };
  } finally {
    await standIn.close();
    folder.remove();
  }
}

async function countScenario(
  scenario: Scenario,
  world: { readonly bundle: string; readonly standIn: StandIn; readonly rounds: number },
): Promise<{ readonly cold: readonly Count[]; readonly warm: readonly Count[] }> {
  const cold: Count[] = [];
  const warm: Count[] = [];
  for (let round = 0; round < world.rounds; round++) {
    const started = await startFunction(world.bundle, environmentAt(world.standIn.endpoint));
    try {
      if (world.standIn.takeCalls().length > 0) throw new Error("the function makes calls before it has an event");
      cold.push(await countOne(started, world.standIn, scenario, 0));
      for (let index = 1; index <= warmsAProcess; index++) {
        warm.push(await countOne(started, world.standIn, scenario, index));
      }
    } finally {
      await started.stop();
    }
  }
  return { cold, warm };
}

async function countOne(started: FunctionProcess, standIn: StandIn, scenario: Scenario, index: number): Promise<Count> {
  const { answer } = await started.invoke(webhookEvent(index, scenario));
  if (answer.statusCode !== scenario.status)
    throw new Error(`${scenario.what}: expected ${scenario.status}, got ${answer.statusCode}`);
  return { calls: standIn.takeCalls(), loggedBytes: started.takeLoggedBytes() };
}

function detailOf(count: Count | undefined): object {
  const calls = count?.calls ?? [];
  const times = (action: string): number => calls.filter((call) => call.action === action).length;
  const queued = calls.filter((call) => call.action === "sqs:SendMessage");
  const chunks = queued.reduce((sum, call) => sum + Math.ceil(call.requestBytes / 65_536), 0);
  const loggedBytes = count?.loggedBytes ?? 0;
  return {
    calls: calls.map((call) => call.action),
    loggedBytes,
    dollarsAMillion: priceByLine({
      httpApiRequests: 1,
      lambdaRequests: 1,
      lambdaGbSeconds: assumed.memoryGb * assumed.seconds,
      sqsRequests: chunks,
      sqsFairRequests: queued.some((call) => call.grouped) ? chunks : 0,
      dynamodbReadUnits: times("dynamodb:GetItem"),
      secretCalls: times("secretsmanager:GetSecretValue"),
      s3Puts: times("s3:PutObject"),
      logGigabytes: loggedBytes / 1e9,
    }),
  };
}
