import { contest } from "./support/limiter/contest.ts";
import type { Line, Match } from "./support/limiter/contest.ts";
import { quiet, quietBesideFlood } from "./support/limiter/quiet.ts";
import type { QuietFigures } from "./support/limiter/quiet.ts";
import { burst, quotas, world } from "./support/limiter/scenario.ts";
import { judge, row } from "./support/report.ts";
import type { BenchResult, Row, Table, Verdict } from "./support/report.ts";

const seedsByDefault = 3;
const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 0)} s`;

/** What each limiter gets out of a partner's limits, what it breaks, and what it costs; in virtual time. */
export async function limiter(options: { readonly seeds: number | null }): Promise<BenchResult> {
  const seeds = options.seeds ?? seedsByDefault;
  const matches = await contest(seeds);
  const quietly: QuietFigures[] = [];
  for (const quota of quotas.filter(({ name }) => quietOn.includes(name)))
    quietly.push(await quietBesideFlood(quota, Math.min(seeds, 10)));
  return {
    settings: {
      seeds,
      clocksOffByMsMax: world.clockOffsetMs,
      wayToPartnerMs: `${world.pathMs.min} to ${world.pathMs.max}`,
      callLateMsMax: world.lateMsMax,
      uncertaintyMs: world.uncertaintyMs,
      storeReadMs: `${world.readMs.min} to ${world.readMs.max}`,
      storeWriteMs: `${world.writeMs.min} to ${world.writeMs.max}`,
      callMs: world.answerMs,
      callsInHand: world.batch,
      patienceMs: world.patienceMs,
      workersStartMsApart: world.startApartMs,
      burst: `${burst.jobs} jobs every ${burst.everyMs / 1_000} s on average`,
      quiet: `jobs for 1/${1 / quiet.shareOfLimit} of the limit, flooded ${quiet.floodFactor}x`,
    },
    rows: rowsOf(matches),
    tables: [...matches.map(tableOfMatch), quietTable(quietly)],
    verdicts: [...verdictsOf(matches), ...quietVerdicts(quietly)],
    notes,
    details: { matches, quiet: quietly },
  };
}

/** An app-wide limit of one window, and one with a long window that a flood can use up. */
const quietOn: readonly string[] = ["25/s", "10/s + 100/min"];

const notes: readonly string[] = [
  "The rows above are of the eight saturated scenarios, a round each.",
  "Use is a share of what an omniscient sender serves whose windows are longer by the uncertainty, W/(W+u): more than 100 % is more than is safe.",
  "A violation is an arrival that a limit of the strict partner had no room for; one call can break two.",
  "Units as DynamoDB counts them, conditions that failed and retries included, a call that the partner accepted.",
  "Waits end when a call is sent. Of a burst's jobs that the end found waiting, the wait so far.",
  "Paid waiting: seconds of a worker in which none of its calls was under way, a call.",
  `Others than Sluice are run with at most three seeds. Theirs sleep up to ${world.sleepMsMax / 1_000} s when they are told to wait; Sluice's jobs go back to the queue.`,
  "Quiet: time until a job is answered, each connection with workers of its own, on one limit of the app.",
];

function lineOf(match: Match, contender: string): Line {
  const line = match.lines.find((line) => line.contender === contender);
  if (line === undefined) throw new Error(`no figures of ${contender}`);
  return line;
}

const nameOf = ({ quota, workers, demand }: Match): string => `${quota}, ${workers} workers, ${demand}`;

function rowsOf(matches: readonly Match[]): readonly Row[] {
  const saturated = matches.filter(({ demand }) => demand === "saturated");
  const contenders = saturated[0]?.lines.map(({ contender }) => contender) ?? [];
  return contenders.map((name) => {
    const role = name === "Sluice" ? "subject" : "baseline";
    return row(
      `${name}: use, saturated`,
      role,
      "of the bound",
      saturated.map((match) => lineOf(match, name).figures.use),
    );
  });
}

function tableOfMatch(match: Match): Table {
  return {
    title: nameOf(match),
    columns: ["", "use", "violations", "429s", "writes", "reads", "p50", "p99", "left", "paid waiting"],
    rows: match.lines.map(({ contender, told, figures }) => [
      told === 1 ? contender : `${contender} at 1/${1 / told}`,
      percent(figures.use),
      String(figures.violations),
      percent(figures.refusedShare),
      figures.writeUnitsACall.toFixed(2),
      figures.readUnitsACall.toFixed(2),
      seconds(figures.waitMsP50),
      seconds(figures.waitMsP99),
      String(figures.left),
      `${figures.paidWaitSecondsACall.toFixed(2)} s`,
    ]),
  };
}

function quietTable(quietly: readonly QuietFigures[]): Table {
  return {
    title: "a quiet connection, alone and beside one that wants 100 times as much",
    columns: ["app-wide limit", "alone p50", "p99", "flooded p50", "p99", "ratio of p99", "violations"],
    rows: quietly.map((figures) => [
      figures.quota,
      seconds(figures.aloneP50),
      seconds(figures.aloneP99),
      seconds(figures.floodedP50),
      seconds(figures.floodedP99),
      figures.ratioP99.toFixed(2),
      String(figures.violations),
    ]),
  };
}

function verdictsOf(matches: readonly Match[]): readonly Verdict[] {
  const ours = matches.map((match) => ({ match, figures: lineOf(match, "Sluice").figures }));
  const saturated = ours.filter(({ match }) => match.demand === "saturated");
  return [
    ...saturated.map(({ match, figures }) =>
      judge(`use: ${nameOf(match)}`, { kind: "at-least", limit: 0.99 }, [figures.use], "of the bound"),
    ),
    judge(
      "violations, all",
      { kind: "at-most", limit: 0 },
      ours.map(({ figures }) => figures.violations),
      "arrivals",
    ),
    ...saturated.map(({ match, figures }) =>
      judge(`writes: ${nameOf(match)}`, { kind: "at-most", limit: 0.15 }, [figures.writeUnitsACall], "units a call"),
    ),
  ];
}

function quietVerdicts(quietly: readonly QuietFigures[]): readonly Verdict[] {
  return quietly.map(({ quota, ratioP99 }) =>
    judge(`quiet beside a flood, p99: ${quota}`, { kind: "at-most", limit: 1.2 }, [ratioP99], "x"),
  );
}
