import type { BucketUse } from "./gate-item.ts";
import { learn, startLearnt } from "./learnt-rate.ts";
import type { LearntRate, LearntRule } from "./learnt-rate.ts";
import type { OpenBucket } from "./open-bucket.ts";

/** A limit that nobody documents: calls are spaced by the rate that was learnt, and what is sent counts as taken until it is refused. */
export function openLearnt(
  kept: Extract<BucketUse, { kind: "learnt" }> | null,
  rule: LearntRule,
  uncertaintyMs: number,
): OpenBucket {
  let rate: LearntRate | null = kept?.rate ?? null;
  let emptyAtMs = kept?.emptyAtMs ?? 0;
  let taken = 0;
  const perMs = (rate?.perSecond ?? rule.startPerSecond) / 1_000;

  return {
    count: 1,
    weightMax: Infinity,
    unitsPerMs: perMs,
    earliestMs: (fromMs) => Math.max(fromMs, Math.ceil(emptyAtMs - 1e-6)),
    take(dateMs, weight) {
      emptyAtMs = Math.max(emptyAtMs, dateMs) + weight / perMs;
      taken += weight;
    },
    giveBack(_dateMs, weight) {
      emptyAtMs -= weight / perMs;
      taken -= weight;
    },
    leftAt: () => Infinity,
    // A window of the partner's is not what is learnt here.
    leaveOnly: () => undefined,
    refused(sentAtMs, nowMs) {
      rate = learn(rate ?? startLearnt(rule, nowMs), rule, { sentAtMs, accepted: 0, refused: 1 }, nowMs);
    },
    close(nowMs) {
      const outcome = { sentAtMs: nowMs, accepted: Math.max(0, taken), refused: 0 };
      const next = taken > 0 ? learn(rate ?? startLearnt(rule, nowMs), rule, outcome, nowMs) : rate;
      taken = 0;
      rate = next ?? startLearnt(rule, nowMs);
      return {
        use: { kind: "learnt", emptyAtMs, rate },
        untilMs: Math.ceil(Math.max(emptyAtMs + uncertaintyMs, rate.sinceMs + learntForMs)),
      };
    },
  };
}

/** What was learnt is worth keeping through a quiet night. */
const learntForMs = 24 * 3_600_000;
