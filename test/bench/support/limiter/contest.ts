import type { Contender } from "./contender.ts";
import { figuresOf } from "./figures.ts";
import type { Figures } from "./figures.ts";
import { flexible, useRealClock } from "./flexible.ts";
import { oneWriteBucket } from "./one-write-bucket.ts";
import { quotas } from "./scenario.ts";
import type { Demand, Quota, Scenario } from "./scenario.ts";
import { best, simulate } from "./simulate.ts";
import { sluice } from "./sluice.ts";
import { tokenBucket } from "./token-bucket.ts";

/** The same quota, workers and demand for everybody. */
export interface Match {
  readonly quota: string;
  readonly workers: number;
  readonly demand: Demand;
  readonly lines: readonly Line[];
}

export interface Line {
  readonly contender: string;
  /** How much of each limit it was told of; 1 unless it had to be made safe. */
  readonly told: number;
  readonly seeds: number;
  readonly figures: Figures;
}

const seedsOfOthersMax = 3;
const halvings = [1 / 2, 1 / 4, 1 / 8, 1 / 16];

/** Every contender against every partner, at each number of workers, saturated and in bursts. */
export async function contest(seeds: number): Promise<readonly Match[]> {
  const matches: Match[] = [];
  for (const quota of quotas)
    for (const demand of ["saturated", "bursty"] as const)
      for (const workers of [8, 64]) matches.push(await match({ quota, workers, demand }, seeds));
  return matches;
}

async function match(played: Omit<Scenario, "seed">, seeds: number): Promise<Match> {
  const asGiven = flexible("rate-limiter-flexible, as given", 1);
  const lines: Line[] = [await lineOf(sluice, played, seeds)];
  const others = Math.min(seeds, seedsOfOthersMax);
  for (const contender of [oneWriteBucket, tokenBucket, asGiven]) lines.push(await lineOf(contender, played, others));
  lines.push(await madeSafe(played, others));
  return {
    quota: played.quota.name,
    workers: played.workers,
    demand: played.demand,
    lines: [...lines, bestLine(played, others)],
  };
}

/** Told of half the limit, and of half of that, until the partner never refuses; one call a window is the least. */
async function madeSafe(played: Omit<Scenario, "seed">, seeds: number): Promise<Line> {
  for (const told of halvings) {
    const line = await lineOf(flexible("the same, made safe", told), played, seeds);
    if (line.figures.refusedShare === 0 || isLeast(played.quota, told)) return { ...line, told };
  }
  throw new Error(`${played.quota.name}: refused even at ${halvings.at(-1)} of the limit`);
}

function isLeast(quota: Quota, share: number): boolean {
  return quota.tiers.every(({ requests }) => requests * share < 2);
}

async function lineOf(contender: Contender, played: Omit<Scenario, "seed">, seeds: number): Promise<Line> {
  const runs = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const scenario = { ...played, seed };
    try {
      runs.push({ scenario, outcome: await simulate(contender, scenario), bound: best(scenario) });
    } finally {
      useRealClock();
    }
  }
  return { contender: contender.name, told: 1, seeds, figures: figuresOf(runs) };
}

function bestLine(played: Omit<Scenario, "seed">, seeds: number): Line {
  const runs = Array.from({ length: seeds }, (_, index) => {
    const scenario = { ...played, seed: index + 1 };
    return { scenario, outcome: best(scenario), bound: best(scenario) };
  });
  return { contender: "omniscient, the bound", told: 1, seeds, figures: figuresOf(runs) };
}
