import * as z from "zod";
import type { SandboxRequest } from "../../local/sandbox/definition.ts";
import type { LimitRule } from "../../local/sandbox/limiter.ts";
import type { ObjectStore } from "../../local/sandbox/object-store.ts";
import { fingerprintOf } from "./sandbox-ids.ts";

const Limit = z.int().min(1).max(1_000_000);

/** open-api-docs.guesty.com/docs/rate-limits and /docs/authentication. */
export const AccountLimits = z.strictObject({
  perSecond: Limit.default(15),
  perMinute: Limit.default(120),
  perHour: Limit.default(5_000),
  concurrent: Limit.default(15),
  tokensPerDay: Limit.default(5),
});
export type AccountLimits = z.infer<typeof AccountLimits>;

export const AccountSettings = z.object({
  account: z.string(),
  clientSecretFingerprint: z.string(),
  limits: AccountLimits,
  /** How long a token really works; what its answer says is always a day. */
  tokenWorksSeconds: z.number(),
  webhookUrl: z.string().nullable(),
  webhookSecret: z.string(),
});
export type AccountSettings = z.infer<typeof AccountSettings>;

/** Settings and tokens stand under an account of no name. */
export const ROOT = "";
export const settingsType = "_settings";

export function accountIdFor(clientId: string): string {
  return fingerprintOf(`account of ${clientId}`).slice(0, 24);
}

export function settingsOf(objects: ObjectStore, account: string): AccountSettings | null {
  const stored = objects.get(ROOT, settingsType, account);
  return stored === null ? null : AccountSettings.parse(stored.state);
}

interface Tier {
  readonly name: "Second" | "Minute" | "Hour";
  readonly limit: number;
  readonly windowMs: number;
}

function tiersOf(limits: AccountLimits): readonly Tier[] {
  return [
    { name: "Second", limit: limits.perSecond, windowMs: 1_000 },
    { name: "Minute", limit: limits.perMinute, windowMs: 60_000 },
    { name: "Hour", limit: limits.perHour, windowMs: 3_600_000 },
  ];
}

/** One quota for all tokens of an account, and so many calls at once. */
export function rulesOf(account: string, limits: AccountLimits): readonly LimitRule[] {
  return [
    ...tiersOf(limits).map((tier) => ({
      kind: "rate" as const,
      scope: `${account} ${tier.name}`,
      limit: tier.limit,
      windowMs: tier.windowMs,
      reason: tier.name,
    })),
    { kind: "concurrency", scope: `${account} at once`, limit: limits.concurrent, reason: "Concurrent" },
  ];
}

/**
 * What every answer tells of the limits. It is a courtesy to callers and judges nobody, so it counts in memory alone and
 * begins anew with the sandbox; the limiter does not.
 */
export class LimitHeaders {
  readonly #arrivals = new Map<string, number[]>();

  admit(account: string, atMs: number): void {
    const recent = (this.#arrivals.get(account) ?? []).filter((earlier) => earlier > atMs - 3_600_000);
    this.#arrivals.set(account, [...recent, atMs]);
  }

  /** Takes back an arrival that was refused after all: those count in no window. */
  refuse(account: string, request: SandboxRequest): void {
    const arrivals = this.#arrivals.get(account) ?? [];
    const place = arrivals.lastIndexOf(request.arrivedAtMs);
    if (place !== -1) arrivals.splice(place, 1);
  }

  headers(account: string, limits: AccountLimits, nowMs: number): Readonly<Record<string, string>> {
    const arrivals = this.#arrivals.get(account) ?? [];
    const pairs = tiersOf(limits).flatMap(({ name, limit, windowMs }): [string, string][] => {
      const used = arrivals.filter((atMs) => atMs > nowMs - windowMs).length;
      return [
        [`x-ratelimit-limit-${name.toLowerCase()}`, String(limit)],
        [`x-ratelimit-remaining-${name.toLowerCase()}`, String(Math.max(0, limit - used))],
      ];
    });
    return Object.fromEntries(pairs);
  }

  /** Seconds until a window has room again. */
  retryAfterSeconds(account: string, rule: LimitRule, nowMs: number): number {
    if (rule.kind !== "rate") return 1;
    const inWindow = (this.#arrivals.get(account) ?? []).filter((atMs) => atMs > nowMs - rule.windowMs);
    const first = inWindow.at(-rule.limit) ?? nowMs;
    return (first + rule.windowMs - nowMs) / 1_000;
  }
}
