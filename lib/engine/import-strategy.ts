import type { Increment, ResourceDriver, WebhookDriver } from "./define-partner.ts";

/** How a resource is kept in step, and how often: what is told first is imported seldom. */
export interface ImportStrategy extends Schedule {
  readonly strategy: "webhooks" | "updated-since" | "events" | "sync-token" | "full";
  /** For people. */
  readonly why: string;
}

export interface Schedule {
  /** How often changes are imported, in milliseconds. */
  readonly everyMs: number;
  /** How often everything is passed over, in milliseconds. */
  readonly fullEveryMs: number;
}

/** What of a driver decides. */
export type Abilities = Pick<ResourceDriver, "increment" | "weight"> & {
  readonly webhook?: Pick<WebhookDriver, "covers"> | undefined;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/**
 * How a resource should be imported by what its partner can do, in this order: webhooks that are said to tell of every
 * change, with a look at the changes once a day; the changes since a moment; a feed of events; a sync token; everything.
 *
 * @example
 * importStrategyOf("orders", { webhook: undefined, increment: null }).everyMs; // 14_400_000: everything, every 4 hours
 */
export function importStrategyOf(resource: string, { webhook, increment, weight }: Abilities): ImportStrategy {
  const isCovered = webhook?.covers?.includes(resource) === true;
  if (isCovered) return coveredBy(increment);
  // Webhooks that may leave something out still bring most of it sooner.
  const isTold = webhook !== undefined;
  const told = isTold ? "its webhooks may leave some out" : "it has no webhooks";
  if (increment === null) {
    const isDear = (weight?.page ?? 1) > 1;
    const everyMs = isDear ? dayMs : (isTold ? 6 : 4) * hourMs;
    const dear = isDear ? ", and a page costs more than a call" : "";
    const why = `The partner cannot be asked for changes and ${told}: everything is passed over${dear}.`;
    return { strategy: "full", everyMs, fullEveryMs: everyMs, why };
  }
  const everyMs = within(increment, (isTold ? 60 : 15) * minuteMs);
  switch (increment.kind) {
    case "filter": {
      const why = `The list can be asked for what changed since a moment, and ${told}; a filter names no deletions, so everything is passed over daily.`;
      return { strategy: "updated-since", everyMs, fullEveryMs: dayMs, why };
    }
    case "feed": {
      const why = `A feed of events names what changed, and ${told}; everything is passed over weekly, in case one was missed.`;
      return { strategy: "events", everyMs, fullEveryMs: 7 * dayMs, why };
    }
    case "sync-token": {
      const why = `A sync token brings all changes since the last import, and ${told}; everything is passed over weekly, in case the token lost some.`;
      return { strategy: "sync-token", everyMs, fullEveryMs: 7 * dayMs, why };
    }
  }
}

function coveredBy(increment: Increment | null): ImportStrategy {
  if (increment === null) {
    const why = "Webhooks tell of every change; what one missed is found by passing over everything once a day.";
    return { strategy: "webhooks", everyMs: dayMs, fullEveryMs: dayMs, why };
  }
  const why = "Webhooks tell of every change; what one missed is found by asking for the changes once a day.";
  return { strategy: "webhooks", everyMs: within(increment, dayMs), fullEveryMs: 7 * dayMs, why };
}

/** A feed is looked at twice at least before it forgets. */
function within(increment: Increment, everyMs: number): number {
  if (increment.kind !== "feed") return everyMs;
  return Math.max(minuteMs, Math.min(everyMs, Math.floor(increment.reachMs / 2) - increment.overlapMs));
}
