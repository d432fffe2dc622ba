import type { RemoteSubscription, SubscriptionDriver } from "./subscription-driver.ts";

/** How a connection's webhooks are registered with its partner. */
export interface Subscription {
  /** false: it is to be removed, as its connection goes. */
  readonly wanted: boolean;
  /** Where the partner is to send. */
  readonly url: string;
  /** The partner's id of it, stored together with its secret and never without; null: not subscribed. */
  readonly id: string | null;
  readonly expiresAtMs: number | null;
  /** When it was last seen to be right at the partner. */
  readonly checkedAtMs: number | null;
  /** When it is to be looked at by itself. */
  readonly nextLookMs: number;
  /** When its wish was last changed. */
  readonly wishedAtMs: number;
  /** Why the last look came to nothing; absent after one that did not. */
  readonly error?: { readonly atMs: number; readonly code: string; readonly message: string };
}

const dayMs = 86_400_000;
/** Partners switch off, and people delete: what has no end is looked at this often. */
const lookEveryMs = 7 * dayMs;
/** A look that came to nothing is not repeated sooner by itself. */
const failedLookMs = dayMs;
/** A job that got lost is sent again after this. */
export const lostJobMs = 900_000;

/** Asked for, and nothing is done yet: looked at by itself where the job that should do it gets lost. */
export function wishFor(former: Subscription | undefined, url: string, nowMs: number): Subscription {
  return {
    wanted: true,
    url,
    // Kept where it was another address: it is known by then which one is to go.
    id: former?.id ?? null,
    expiresAtMs: former?.expiresAtMs ?? null,
    checkedAtMs: former?.url === url ? former.checkedAtMs : null,
    nextLookMs: nowMs + lostJobMs,
    wishedAtMs: nowMs,
  };
}

export function wishAway(former: Subscription, nowMs: number): Subscription {
  return { ...former, wanted: false, wishedAtMs: nowMs, nextLookMs: nowMs + lostJobMs };
}

/** It is right at the partner, and its secret is stored. */
export function subscribed(
  former: Subscription,
  found: { readonly id: string; readonly expiresAtMs: number | null },
  nowMs: number,
): Subscription {
  const { error: _error, ...kept } = former;
  return { ...kept, ...found, checkedAtMs: nowMs, nextLookMs: nextLookOf(found.expiresAtMs, nowMs) };
}

export function failedLook(former: Subscription, error: NonNullable<Subscription["error"]>): Subscription {
  return { ...former, error, nextLookMs: error.atMs + failedLookMs };
}

/** A third of its life before it ends, so that there is time for what fails; what has no end is looked at once a week. */
function nextLookOf(expiresAtMs: number | null, nowMs: number): number {
  if (expiresAtMs === null) return nowMs + lookEveryMs;
  return nowMs + Math.max(0, Math.min(lookEveryMs, Math.floor(((expiresAtMs - nowMs) * 2) / 3)));
}

/** Whether one that there is needs nothing: it is sent to, for all that is asked for, and does not end before the next look but one. */
export function isRight(
  remote: RemoteSubscription,
  { events }: Pick<SubscriptionDriver, "events">,
  former: Subscription,
  nowMs: number,
): boolean {
  if (!remote.isActive || !sameNames(remote.events, events)) return false;
  if (remote.expiresAtMs === null) return true;
  // Looked at because its time has come: then it is given more, also where a little is left.
  return nowMs < former.nextLookMs && remote.expiresAtMs === former.expiresAtMs;
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  const [one, other] = [new Set(some), new Set(others)];
  return one.size === other.size && [...one].every((name) => other.has(name));
}

export type SubscriptionStatus = "none" | "registering" | "subscribed" | "failing" | "removing";

/** In a word, for people. */
export function statusOf(subscription: Subscription | undefined): SubscriptionStatus {
  if (subscription === undefined) return "none";
  if (!subscription.wanted) return "removing";
  if (subscription.error !== undefined) return "failing";
  const { id, checkedAtMs, wishedAtMs } = subscription;
  return id === null || checkedAtMs === null || checkedAtMs < wishedAtMs ? "registering" : "subscribed";
}
