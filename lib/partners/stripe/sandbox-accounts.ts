import * as z from "zod";
import type { Identified, SandboxRequest } from "../../local/sandbox/definition.ts";
import type { LimitRule } from "../../local/sandbox/limiter.ts";
import type { ObjectStore } from "../../local/sandbox/object-store.ts";
import { fingerprintOf } from "./sandbox-ids.ts";
import { errorReply, invalidRequest } from "./sandbox-replies.ts";
import { servedVersions } from "./sandbox-versions.ts";

/** Stripe's keys for tests; a live one must never reach a stand-in. */
export const TestKey = z
  .string()
  .regex(/^sk_test_[A-Za-z0-9_]{4,200}$/, "a sandbox takes keys of the form sk_test_… only");

/** Figures of a live account (docs.stripe.com/rate-limits); a test account's global one is 25. */
export const AccountLimits = z.strictObject({
  globalPerSecond: z.int().min(1).max(1_000_000).default(100),
  endpointPerSecond: z.int().min(1).max(1_000_000).default(25),
  /** Stripe limits concurrency too, without saying to how many. */
  concurrent: z.int().min(1).max(100_000).nullable().default(null),
});

export const AccountSettings = z.object({
  account: z.string(),
  limits: AccountLimits,
  webhookSecret: z.string().nullable(),
  /** The platform whose connected account it is. */
  platform: z.string().nullable().default(null),
});
export type AccountSettings = z.infer<typeof AccountSettings>;

/** Settings stand under an account of no name; an id is made of its key, so that no file holds keys. */
export const ROOT = "";
export const settingsType = "_settings";

export function accountIdFor(key: string): string {
  return `acct_${fingerprintOf(key).slice(0, 16)}`;
}

export function settingsOf(objects: ObjectStore, account: string): AccountSettings | null {
  const stored = objects.get(ROOT, settingsType, account);
  return stored === null ? null : AccountSettings.parse(stored.state);
}

/** Who asks: a bearer key or a key as the user of Basic (docs.stripe.com/api/authentication), and in which version. */
export function identify(objects: ObjectStore, request: SandboxRequest): Identified {
  const key = keyIn(request.headers.authorization);
  if (key === null) return refuse("You did not provide an API key. Send it as a bearer token.");
  const account = accountIdFor(key);
  if (settingsOf(objects, account) === null) return refuse(`Invalid API Key provided: ${masked(key)}`);
  const version = request.headers["stripe-version"];
  if (version !== undefined && !servedVersions.includes(String(version))) {
    return { kind: "reply", reply: invalidRequest(`Invalid Stripe API version: ${String(version).slice(0, 50)}`) };
  }
  if (request.headers["stripe-context"] !== undefined) return noAccess(key);
  const connected = request.headers["stripe-account"];
  if (connected === undefined) return { kind: "account", account };
  // docs.stripe.com/connect/authentication: a platform's key speaks for its connected accounts.
  const isOwn = typeof connected === "string" && settingsOf(objects, connected)?.platform === account;
  return isOwn ? { kind: "account", account: connected } : noAccess(key);
}

function noAccess(key: string): Identified {
  const message = `The provided key '${masked(key)}' does not have access to that account (or that account does not exist).`;
  const error = { type: "invalid_request_error", code: "account_invalid", message } as const;
  return { kind: "reply", reply: errorReply(403, error) };
}

/** Whose quota a call for a connected account uses is not documented: here it counts against both, which is the stricter. */
export function limitsOf(objects: ObjectStore, account: string, request: SandboxRequest): readonly LimitRule[] {
  const platform = request.headers["stripe-account"] === account ? settingsOf(objects, account)?.platform : null;
  const own = accountLimitsOf(objects, account, request);
  return typeof platform === "string" ? [...own, ...accountLimitsOf(objects, platform, request)] : own;
}

/** An endpoint is a method and a path template, whatever the ids (docs.stripe.com/rate-limits). */
function accountLimitsOf(objects: ObjectStore, account: string, request: SandboxRequest): readonly LimitRule[] {
  const limits = settingsOf(objects, account)?.limits ?? AccountLimits.parse({});
  const windowMs = 1_000;
  const endpoint = `${request.method} ${request.template}`;
  return [
    { kind: "rate", scope: `${account} global`, limit: limits.globalPerSecond, windowMs, reason: "global-rate" },
    {
      kind: "rate",
      scope: `${account} ${endpoint}`,
      limit: limits.endpointPerSecond,
      windowMs,
      reason: "endpoint-rate",
    },
    ...(limits.concurrent === null
      ? []
      : [
          {
            kind: "concurrency",
            scope: `${account} at once`,
            limit: limits.concurrent,
            reason: "global-concurrency",
          } as const,
        ]),
  ];
}

function refuse(message: string): Identified {
  const headers = { "www-authenticate": 'Basic realm="Stripe"' };
  return { kind: "reply", reply: errorReply(401, { type: "invalid_request_error", message }, headers) };
}

function keyIn(authorization: string | undefined): string | null {
  const [scheme, value] = authorization?.split(" ") ?? [];
  if (value === undefined || value === "") return null;
  if (scheme?.toLowerCase() === "bearer") return value;
  if (scheme?.toLowerCase() !== "basic") return null;
  return Buffer.from(value, "base64").toString("utf8").split(":")[0] ?? null;
}

/** As Stripe shows a key that it does not know: the beginning and the last four. */
function masked(key: string): string {
  return key.length < 16 ? "****" : `${key.slice(0, 8)}****${key.slice(-4)}`;
}
