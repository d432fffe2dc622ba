import type { PartnerLimit } from "../../../support/judges/strict-partner.ts";

/** One limit of a partner, as every contender is told it. */
export interface Tier {
  readonly requests: number;
  readonly perMs: number;
}

export interface Quota {
  readonly name: string;
  readonly tiers: readonly Tier[];
  /** How long it is kept saturated: long enough for its longest window to matter. */
  readonly saturatedMs: number;
}

const second = 1_000;
const minute = 60_000;
const hour = 3_600_000;

export const quotas: readonly Quota[] = [
  {
    name: "10/s + 100/min",
    tiers: [
      { requests: 10, perMs: second },
      { requests: 100, perMs: minute },
    ],
    saturatedMs: 15 * minute,
  },
  { name: "25/s", tiers: [{ requests: 25, perMs: second }], saturatedMs: 4 * minute },
  { name: "3/s", tiers: [{ requests: 3, perMs: second }], saturatedMs: 10 * minute },
  {
    name: "15/s + 120/min + 5,000/h",
    tiers: [
      { requests: 15, perMs: second },
      { requests: 120, perMs: minute },
      { requests: 5_000, perMs: hour },
    ],
    saturatedMs: 75 * minute,
  },
];

/** Work as it comes: without end, or in bursts. */
export type Demand = "saturated" | "bursty";

export const burst = { jobs: 40, everyMs: 30_000, forMs: 15 * minute } as const;

export interface Scenario {
  readonly quota: Quota;
  readonly workers: number;
  readonly demand: Demand;
  readonly seed: number;
}

/**
 * The world that all contenders share; every figure is stated in the report. Two calls that were dated alike arrive at most
 * `uncertaintyMs` apart: both clocks' errors, the lateness that a caller allows itself, and the difference of two ways.
 */
export const world = {
  startMs: Date.UTC(2026, 2, 1, 12),
  clockOffsetMs: 50,
  pathMs: { min: 40, max: 100 },
  lateMsMax: 100,
  uncertaintyMs: 2 * 50 + 100 + (100 - 40),
  /** A worker's timer fires late by up to this. */
  wakeLateMs: 5,
  /** DynamoDB as seen from a function in the same region. */
  readMs: { min: 2, max: 8 },
  writeMs: { min: 4, max: 14 },
  /** From the call's arrival to its answer's. */
  answerMs: 150,
  /** Calls that a worker has in hand. */
  batch: 10,
  /** Workers start one after another, as Lambda adds functions to a queue: 300 a minute. */
  startApartMs: 200,
  /** A worker takes dates that are up to so far away. */
  patienceMs: 10_000,
  /** Where a limiter only says "not yet", a worker sleeps up to so long; else it goes back to the queue, in whole seconds. */
  sleepMsMax: 3_000,
  queueMs: { min: 5, max: 100 },
  memoryGb: 0.25,
} as const;

export function limitsOf(quota: Quota): readonly PartnerLimit[] {
  return quota.tiers.map(({ requests, perMs }) => ({
    name: `${requests}/${perMs}`,
    kind: "slidingWindow",
    requests,
    perMs,
  }));
}
