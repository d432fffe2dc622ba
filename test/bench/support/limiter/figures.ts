import { endMsOf } from "./simulate.ts";
import type { Outcome } from "./simulate.ts";
import { world } from "./scenario.ts";
import type { Scenario } from "./scenario.ts";

/** One contender in one scenario, over all seeds. */
export interface Figures {
  /** Share of what the omniscient one served; see `served`. */
  readonly use: number;
  readonly useWorstSeed: number;
  readonly calls: number;
  readonly violations: number;
  readonly refusedShare: number;
  readonly writeUnitsACall: number;
  readonly readUnitsACall: number;
  readonly itemBytesMax: number;
  readonly waitMsP50: number;
  readonly waitMsP99: number;
  readonly left: number;
  readonly paidWaitSecondsACall: number;
  readonly paidWaitGbSecondsAThousand: number;
}

export function figuresOf(
  runs: readonly { readonly scenario: Scenario; readonly outcome: Outcome; readonly bound: Outcome }[],
): Figures {
  const uses = runs.map(({ scenario, outcome, bound }) => served(outcome, scenario) / served(bound, scenario));
  const sum = (of: (outcome: Outcome) => number): number => runs.reduce((total, { outcome }) => total + of(outcome), 0);
  const calls = sum(({ sentAtMs }) => sentAtMs.length);
  const refused = sum((outcome) => outcome.refused);
  const waits = Float64Array.from(runs.flatMap(({ outcome }) => outcome.waitsMs)).toSorted();
  const paidWaitSecondsACall = sum(({ paidWaitMs }) => paidWaitMs) / 1_000 / calls;
  return {
    use: uses.reduce((total, use) => total + use, 0) / uses.length,
    useWorstSeed: Math.min(...uses),
    calls,
    violations: sum(({ violations }) => violations),
    refusedShare: refused / (calls + refused),
    writeUnitsACall: sum(({ writeUnits }) => writeUnits) / calls,
    readUnitsACall: sum(({ readUnits }) => readUnits) / calls,
    itemBytesMax: Math.max(...runs.map(({ outcome }) => outcome.itemBytesMax)),
    waitMsP50: quantile(waits, 0.5),
    waitMsP99: quantile(waits, 0.99),
    left: sum(({ left }) => left),
    paidWaitSecondsACall,
    paidWaitGbSecondsAThousand: paidWaitSecondsACall * 1_000 * world.memoryGb,
  };
}

/**
 * The calls served, each counted by how long before the end it was sent. In the long run this is the rate, and whether
 * a whole window's calls fall just before the end or just after it does not decide.
 */
function served(outcome: Outcome, scenario: Scenario): number {
  const endMs = endMsOf(scenario);
  return outcome.sentAtMs.reduce((total, atMs) => total + Math.max(0, endMs - atMs), 0);
}

export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
