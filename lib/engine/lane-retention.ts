import type { Control } from "./control.ts";
import { webhookExpiryMs } from "./job.ts";

const dayMs = 86_400_000;
/** A lane forgets what is as old as a webhook may be: to whatever is older, imports are the answer. */
const laneKeepsMs = webhookExpiryMs;

/**
 * Says for a day, before it comes to it, that the lanes of a partner that is held will forget their oldest messages: a queue
 * does not tell. Null at any other time.
 */
export function forgetsSoon({ pause, breaker }: Pick<Control, "pause" | "breaker">, nowMs: number): string | null {
  const openedMs = breaker.kind === "closed" ? nowMs : breaker.sinceMs;
  const heldMs = nowMs - Math.min(pause?.sinceMs ?? nowMs, openedMs);
  if (heldMs < laneKeepsMs - dayMs || heldMs >= laneKeepsMs) return null;
  const hours = Math.ceil((laneKeepsMs - heldMs) / 3_600_000);
  return `it has been held for days, and its lanes forget their oldest messages in ${hours} h`;
}
