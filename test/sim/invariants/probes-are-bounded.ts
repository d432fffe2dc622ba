import { connectionBreaker, partnerBreaker } from "../../../lib/engine/breaker.ts";
import type { BreakerState } from "../../../lib/engine/breaker.ts";
import type { InvariantOf } from "./invariant.ts";

/** What a worker knows of a control may be as old, and a call that was let through may wait for its token. */
const noticedMs = 15_000;

/** While a partner's breaker is open nothing is sent; half-open, only as many probes as the rule says, of a connection too. Paused, nothing at all. */
export const probesAreBounded: InvariantOf = (world, broken) => {
  const held = new Map<
    string,
    { breaker: BreakerState; sinceMs: number; probes: number; pausedSinceMs: number | null }
  >();
  return {
    observe(event) {
      if (event.kind === "control-stored" && event.after.connectionId !== null) {
        const { breaker, connectionId } = event.after;
        if (breaker.kind === "half-open" && breaker.begun > connectionBreaker.probesMax)
          broken(`${event.by} begins probe ${breaker.begun} of ${connectionId} in one period`);
      }
      if (event.kind === "control-stored" && event.after.connectionId === null) {
        const nowMs = world.ground.loop.nowMs();
        const { partner, breaker, pause } = event.after;
        const former = held.get(partner);
        const isHeldOn = former !== undefined && former.breaker.kind !== "closed" && breaker.kind !== "closed";
        const isSamePeriod = former?.breaker.kind === breaker.kind && periodOf(former.breaker) === periodOf(breaker);
        held.set(partner, {
          breaker,
          sinceMs: isHeldOn ? former.sinceMs : nowMs,
          probes: isSamePeriod ? former.probes : 0,
          pausedSinceMs: pause === null ? null : (former?.pausedSinceMs ?? nowMs),
        });
      }
      if (event.kind !== "call-arrived") return;
      const { partner, sentAtMs, worker } = event.call;
      const now = held.get(partner);
      if (now === undefined) return;
      if (now.pausedSinceMs !== null && sentAtMs - now.pausedSinceMs > noticedMs)
        broken(`${worker} called ${partner}, which was paused ${Math.round(sentAtMs - now.pausedSinceMs)} ms before`);
      if (now.breaker.kind === "closed" || sentAtMs - now.sinceMs < noticedMs) return;
      if (now.breaker.kind === "half-open") now.probes += 1;
      if (now.breaker.kind === "half-open" && now.probes <= partnerBreaker.probesMax) return;
      const what = now.breaker.kind === "open" ? "while its breaker was open" : `as the ${now.probes}th of its probes`;
      broken(`${worker} called ${partner} ${what}`);
    },
  };
};

function periodOf(breaker: BreakerState): number | null {
  return breaker.kind === "closed" ? null : breaker.untilMs;
}
