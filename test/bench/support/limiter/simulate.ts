import { Prng } from "../../../sim/kernel/prng.ts";
import type { Contender } from "./contender.ts";
import { LimitedRun } from "./limited-run.ts";
import { bestSendTimes } from "./omniscient.ts";
import { burst, world } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";

/** What one contender did in one scenario. */
export interface Outcome {
  readonly sentAtMs: readonly number[];
  readonly waitsMs: readonly number[];
  /** Jobs that the end found waiting. */
  readonly left: number;
  readonly violations: number;
  readonly refused: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly itemBytesMax: number;
  readonly paidWaitMs: number;
}

/** Several connections of one account, as workers serve them. */
const connections = 4;

export function endMsOf({ demand, quota }: Scenario): number {
  return world.startMs + (demand === "saturated" ? quota.saturatedMs : burst.forMs);
}

/** Workers, clocks, ways and bursts are the seed's, and the same for all contenders. */
export async function simulate(contender: Contender, scenario: Scenario): Promise<Outcome> {
  const { quota, workers, demand, seed } = scenario;
  const endMs = endMsOf(scenario);
  const run = new LimitedRun(contender, quota, new Prng(`limiter ${seed} ${quota.name} ${workers} ${demand}`));
  const group = run.open({
    workers,
    connectionOf: (worker) => `connection-${worker % connections}`,
    endless: demand === "saturated",
  });
  if (demand === "saturated") run.loop.at(world.startMs, () => group.release(workers));
  else for (const atMs of burstTimes(seed, endMs)) run.loop.at(atMs, () => group.release(burst.jobs));
  await run.loop.runUntil(endMs);

  const { sentAtMs, waitsMs, open, refused, paidWaitMs } = group.tally;
  const { writeUnits, readUnits, itemBytesMax } = run.store;
  return {
    sentAtMs,
    // Of a burst's jobs that still wait, how long they have: less than it will be, and more than leaving them out.
    waitsMs: demand === "bursty" ? [...waitsMs, ...[...open].map((job) => endMs - job.releasedAtMs)] : waitsMs,
    left: demand === "bursty" ? open.size : 0,
    violations: run.partner.violations().length,
    refused,
    writeUnits,
    readUnits,
    itemBytesMax,
    paidWaitMs,
  };
}

/** What one who knows everything would have done. */
export function best(scenario: Scenario): Outcome {
  const endMs = endMsOf(scenario);
  const bursts = scenario.demand === "bursty" ? burstTimes(scenario.seed, endMs) : [];
  const releases = bursts.flatMap((atMs) => Array.from({ length: burst.jobs }, () => atMs));
  const sentAtMs = bestSendTimes(scenario.quota, scenario.demand === "bursty" ? releases : always(), endMs);
  const waitsMs = sentAtMs.flatMap((atMs, index) =>
    index < releases.length ? [atMs - (releases[index] ?? atMs)] : [],
  );
  const free = { violations: 0, refused: 0, writeUnits: 0, readUnits: 0, itemBytesMax: 0, paidWaitMs: 0 };
  return { sentAtMs, waitsMs, left: Math.max(0, releases.length - sentAtMs.length), ...free };
}

/** Bursts come by themselves, so often on average; the same for every quota and number of workers. */
function burstTimes(seed: number, endMs: number): readonly number[] {
  const random = new Prng(`bursts ${seed}`);
  const times: number[] = [];
  for (
    let atMs = world.startMs + random.exponential(burst.everyMs);
    atMs <= endMs;
    atMs += random.exponential(burst.everyMs)
  )
    times.push(atMs);
  return times;
}

function* always(): Iterable<number> {
  for (;;) yield world.startMs;
}
