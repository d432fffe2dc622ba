import type { Control } from "./control.ts";
import { webhookExpiryMs } from "./job.ts";

const dayMs = 86_400_000;
/** A lane forgets what is as old as a webhook may be: to whatever is older, imports are the answer. */
const laneKeepsMs = webhookExpiryMs;

/**
 * Says a day before it comes to it, and from then on, that the lanes of a partner that is held forget their oldest
 * messages: a queue does not tell. Null at any other time.
 */
export function forgetsSoon({ pause, breaker }: Pick<Control, "pause" | "breaker">, nowMs: number): string | null {
  const openedMs = breaker.kind === "closed" ? nowMs : breaker.sinceMs;
  const heldSinceMs = Math.min(pause?.sinceMs ?? nowMs, openedMs);
  const leftMs = heldSinceMs + laneKeepsMs - nowMs;
  if (leftMs > dayMs) return null;
  if (leftMs > 0)
    return `it has been held for days, and its lanes forget their oldest messages in ${Math.ceil(leftMs / 3_600_000)} h`;
  const since = new Date(nowMs + leftMs).toISOString();
  return `it has been held for days, and its lanes forget messages since ${since}`;
}
