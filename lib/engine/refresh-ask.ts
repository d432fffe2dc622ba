import { skewMsMax } from "./record.ts";
import type { Run } from "./run.ts";

/**
 * That somebody asked for a resource to be imported afresh, kept with the resource until an import that began after it is
 * done. What was under way by then may have passed what the ask is about.
 */
export interface RefreshAsk {
  readonly atMs: number;
  /** Everything is to be passed over, and not only what changed. */
  readonly full: boolean;
}

/** The later ask counts, and wants everything if one before it still does. */
export function askAgain(former: RefreshAsk | null, ask: RefreshAsk): RefreshAsk {
  if (former === null) return ask;
  return { atMs: Math.max(former.atMs, ask.atMs), full: former.full || ask.full };
}

/** Whether a run that succeeded is what was asked for; in doubt (two clocks are compared) it is not. */
export function isAnswered(
  { atMs, full }: RefreshAsk,
  { mode, checkpoint }: Pick<Run, "mode" | "checkpoint">,
): boolean {
  return checkpoint.beganMs > atMs + skewMsMax && (mode === "full" || !full);
}
