import { importCalls } from "./import-calls.ts";
import type { Amounts } from "./price-list.ts";
import { standingCalls } from "./standing-calls.ts";
import { webhookCalls } from "./webhook-calls.ts";

/** What the counts depend on beside the flow itself. */
export interface Assumptions {
  /** Messages that a consumer gets at once: 1 while it is quiet, up to 10. */
  readonly batch: number;
  /** Of an idle mapping: Lambda keeps 2 to 5, each asking every 20 seconds. */
  readonly pollers: number;
  /** Of one record as JSON. */
  readonly recordKb: number;
}

export interface FlowCalls {
  /** Once a what. */
  readonly each: string;
  readonly calls: Amounts;
  /** Where the numbers come from. */
  readonly from: string;
}

/**
 * The service calls of each flow. What is no duration and no price of standing still is counted by test/aws/cost-counted.test.ts,
 * which runs the flows themselves; durations are assumed (a partner answers in 80 ms).
 */
export function flowCalls(assumptions: Assumptions) {
  return {
    ...standingCalls(assumptions),
    ...webhookCalls(assumptions),
    ...importCalls(assumptions),
  } as const satisfies Readonly<Record<string, FlowCalls>>;
}

export type FlowName = keyof ReturnType<typeof flowCalls>;
