import { learn, startLearnt } from "../../../../lib/engine/gate/learnt-rate.ts";
import type { LearntRate, LearntRule } from "../../../../lib/engine/gate/learnt-rate.ts";
import type { Judge } from "../../../support/judges/judge.ts";

export interface LoopResult {
  /** Of the hidden limit. */
  readonly use: number;
  readonly refusedShare: number;
  readonly rate: LearntRate;
}

interface Loop {
  readonly rule: LearntRule;
  readonly judge: Judge;
  readonly hiddenPerSecond: number;
  readonly forMs: number;
  /** Counted from then on; before it the rate is still being found. */
  readonly countedFromMs: number;
  readonly unit: () => number;
  /** How much of the allowance is there to be sent, in (0, 1]. */
  readonly load?: number;
}

/** After a refusal nothing is sent for as long, as where a partner names no time. */
const restMs = 1_000;

type Event =
  | { readonly kind: "send" }
  | { readonly kind: "arrive"; readonly sentAtMs: number }
  | { readonly kind: "answer"; readonly sentAtMs: number; readonly accepted: boolean };

/** Sends at the learnt rate to a strict partner whose limit the rule does not know, on virtual time, with delays that vary. */
export function runClosedLoop(loop: Loop): LoopResult {
  const events: { atMs: number; event: Event }[] = [];
  const at = (atMs: number, event: Event): void => {
    let index = events.length;
    while (index > 0 && (events[index - 1]?.atMs ?? 0) < atMs) index -= 1;
    events.splice(index, 0, { atMs, event });
  };
  let rate = startLearnt(loop.rule, 0);
  let restUntilMs = 0;
  let calls = 0;
  const counted = { accepted: 0, refused: 0 };

  const send = (nowMs: number): void => {
    at(Math.max(restUntilMs, nowMs + 1000 / (rate.perSecond * (loop.load ?? 1))), { kind: "send" });
    if (nowMs >= restUntilMs) at(nowMs + 10 + 50 * loop.unit(), { kind: "arrive", sentAtMs: nowMs });
  };
  const arrive = (nowMs: number, sentAtMs: number): void => {
    calls += 1;
    const accepted =
      loop.judge.arrive({ atMs: nowMs, weight: 1, bucket: "all", id: String(calls) }).kind === "accepted";
    if (nowMs >= loop.countedFromMs) counted[accepted ? "accepted" : "refused"] += 1;
    at(nowMs + 20 + 80 * loop.unit(), { kind: "answer", sentAtMs, accepted });
  };
  const answer = (nowMs: number, sentAtMs: number, accepted: boolean): void => {
    if (!accepted) restUntilMs = nowMs + restMs;
    const outcome = { sentAtMs, accepted: accepted ? 1 : 0, refused: accepted ? 0 : 1 };
    // As it is stored: nothing of it may be lost on the way.
    rate = JSON.parse(JSON.stringify(learn(rate, loop.rule, outcome, nowMs))) as LearntRate; // what was just written
  };

  at(0, { kind: "send" });
  for (let next = events.pop(); next !== undefined && next.atMs <= loop.forMs; next = events.pop()) {
    const { atMs, event } = next;
    if (event.kind === "send") send(atMs);
    else if (event.kind === "arrive") arrive(atMs, event.sentAtMs);
    else answer(atMs, event.sentAtMs, event.accepted);
  }
  const possible = (loop.hiddenPerSecond * (loop.forMs - loop.countedFromMs)) / 1000;
  const all = counted.accepted + counted.refused;
  return { use: counted.accepted / possible, refusedShare: counted.refused / Math.max(1, all), rate };
}
