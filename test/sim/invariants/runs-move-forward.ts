import type { InvariantOf } from "./invariant.ts";

/** A run's revision counts by one, its sequence and its pages never go back, and what has ended stays ended. */
export const runsMoveForward: InvariantOf = (_world, broken) => ({
  observe(event) {
    if (event.kind !== "run-stored" || event.before === null) return;
    const { before, after, by } = event;
    const say = (what: string): void => broken(`run ${after.runId} of ${after.partner}, moved by ${by}: ${what}`);
    if (after.revision !== before.revision + 1) say(`revision ${before.revision} became ${after.revision}`);
    if (after.sequence < before.sequence) say(`sequence ${before.sequence} became ${after.sequence}`);
    if (after.progress.pages < before.progress.pages)
      say(`${before.progress.pages} pages became ${after.progress.pages}`);
    if (before.status.kind !== "active") say(`it had ended as ${before.status.kind}`);
  },
});
