import { Prng } from "../../../sim/kernel/prng.ts";
import { quantile } from "./figures.ts";
import { LimitedRun } from "./limited-run.ts";
import { world } from "./scenario.ts";
import type { Quota } from "./scenario.ts";
import { sluice } from "./sluice.ts";

/**
 * One connection that wants a fiftieth of what a limit lets through; then another comes that wants twice all of it,
 * for which no more is queued than is held back in earnest.
 */
export const quiet = {
  shareOfLimit: 1 / 50,
  floodFactor: 100,
  quietWorkers: 2,
  floodWorkers: 20,
  floodJobsMax: 400,
  callsBefore: 40,
  calls: 100,
} as const;

export interface QuietFigures {
  readonly quota: string;
  /** Until a job was answered, in ms: alone, and beside the flood. */
  readonly aloneP50: number;
  readonly aloneP99: number;
  readonly floodedP50: number;
  readonly floodedP99: number;
  readonly ratioP99: number;
  readonly violations: number;
  /** Of the quiet connection's calls. */
  readonly calls: number;
}

/** Each has workers of its own, as fair queues would see to: what is shared is the limit, and nothing else. */
export async function quietBesideFlood(quota: Quota, seeds: number): Promise<QuietFigures> {
  const alone = await answered(quota, seeds, false);
  const flooded = await answered(quota, seeds, true);
  const [aloneP99, floodedP99] = [quantile(alone.ms, 0.99), quantile(flooded.ms, 0.99)];
  return {
    quota: quota.name,
    aloneP50: quantile(alone.ms, 0.5),
    aloneP99,
    floodedP50: quantile(flooded.ms, 0.5),
    floodedP99,
    ratioP99: floodedP99 / aloneP99,
    violations: alone.violations + flooded.violations,
    calls: flooded.ms.length,
  };
}

async function answered(
  quota: Quota,
  seeds: number,
  flooded: boolean,
): Promise<{ readonly ms: Float64Array; readonly violations: number }> {
  const ms: number[] = [];
  let violations = 0;
  const everyMs = 1 / (perMsOf(quota) * quiet.shareOfLimit);
  const floodedAtMs = world.startMs + everyMs * quiet.callsBefore;
  const endMs = floodedAtMs + everyMs * quiet.calls;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const seeded = new Prng(`quiet ${seed} ${quota.name}`);
    const run = new LimitedRun(sluice, quota, seeded);
    // The same connection, before it is measured.
    const before = run.open({ workers: quiet.quietWorkers, connectionOf: () => "quiet", endless: false });
    const shy = run.open({ workers: quiet.quietWorkers, connectionOf: () => "quiet", endless: false });
    for (const atMs of arrivals(seeded.fork("quiet"), everyMs, world.startMs, endMs))
      run.loop.at(atMs, () => (atMs < floodedAtMs ? before : shy).release(1));
    if (flooded) {
      const loud = run.open({ workers: quiet.floodWorkers, connectionOf: () => "flooded", endless: false });
      for (const atMs of arrivals(seeded.fork("flood"), everyMs / quiet.floodFactor, floodedAtMs, endMs))
        run.loop.at(atMs, () => {
          if (loud.tally.open.size < quiet.floodJobsMax) loud.release(1);
        });
    }
    await run.loop.runUntil(endMs);
    // One that still waits has waited at least so long.
    ms.push(...shy.tally.answeredMs, ...[...shy.tally.open].map((job) => endMs - job.releasedAtMs));
    violations += run.partner.violations().length;
  }
  return { ms: Float64Array.from(ms).toSorted(), violations };
}

/** Calls a millisecond in the long run. */
function perMsOf({ tiers }: Quota): number {
  return Math.min(...tiers.map(({ requests, perMs }) => requests / (perMs + world.uncertaintyMs)));
}

function arrivals(random: Prng, everyMs: number, fromMs: number, endMs: number): readonly number[] {
  const times: number[] = [];
  for (let atMs = fromMs + random.exponential(everyMs); atMs <= endMs; atMs += random.exponential(everyMs))
    times.push(atMs);
  return times;
}
