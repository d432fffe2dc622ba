import type { Meter } from "./judge.ts";

/** No partner knows when its calls will be done; this is what such answers tend to say. */
const retryAfterMs = 1_000;

/** At most `calls` units under way at once: from a call's arrival until its answer has left. */
export function concurrencyMeter(limit: string, rule: { readonly calls: number }): Meter {
  const underWay = new Map<string, number>();
  let held = 0;

  return {
    limit,
    excess({ weight }) {
      return held + weight <= rule.calls ? null : { held: held + weight, allowed: rule.calls, retryAfterMs };
    },
    take({ id, weight }) {
      if (underWay.has(id)) throw new Error(`call ${id} arrives while it is under way`);
      underWay.set(id, weight);
      held += weight;
    },
    leave(id) {
      held -= underWay.get(id) ?? 0;
      underWay.delete(id);
    },
  };
}
