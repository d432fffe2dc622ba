import type { PartnerDriver } from "../engine/define-partner.ts";
import { rateOf } from "../engine/gate/limit-rate.ts";
import { defaultShare } from "../engine/limits.ts";

/** What Lambda takes for a mapping: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html */
const concurrencyMin = 2;
const concurrencyMax = 50;
/**
 * A worker puts a job back whose date is not in the first half of its patience (`sleepMsMax` of the one road out, 3 s): what
 * the limits let through in that half is what all workers together can have in hand.
 */
const patienceMs = 1_500;

/**
 * How many workers of a lane a partner's limits can keep busy: with more, most would only take jobs to put them back, and
 * every putting back is three requests. The backlog waits in the queue, which costs nothing.
 */
export function consumerConcurrencyFor(driver: Pick<PartnerDriver, "limits">, batchSize: number): number {
  const tokensInPatience = driver.limits.map(({ rule, share = defaultShare }) => {
    // Who waits for a call to end takes no job in the meantime.
    if (rule.kind === "concurrency") return rule.calls * share;
    const rate = rateOf(rule);
    return rate === null ? Infinity : (rate.requests * share * patienceMs) / rate.perMs;
  });
  const workers = Math.floor(Math.min(...tokensInPatience, concurrencyMax * batchSize) / batchSize);
  return Math.min(concurrencyMax, Math.max(concurrencyMin, workers));
}
