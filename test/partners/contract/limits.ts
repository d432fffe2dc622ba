import { isDeepStrictEqual } from "node:util";
import type { LimitDeclaration, PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { rateOf } from "../../../lib/engine/gate/limit-rate.ts";
import { unless } from "./identity.ts";
import type { Check } from "./subject.ts";

const dayMs = 86_400_000;
/** No partner allows more; what does is a slip of units. */
const perSecondMax = 10_000;

/** Limits are there, are positive, no endpoint is allowed more than its account, and no tenant says whose quota it uses. */
export const checkLimits: Check = ({ driver, fixtures }) => [
  ...limitProblems("limits", driver.limits),
  ...ownerProblems(driver),
  ...fixtures.credentials.accepted.flatMap(({ fields, limits }) => {
    const actual = driver.limitsFor?.(fields) ?? driver.limits;
    const expected = limits ?? driver.limits;
    return [
      ...limitProblems("limitsFor", actual),
      ...unless(
        isDeepStrictEqual(actual, expected),
        `a credential gets other limits than its fixture says: ${JSON.stringify(actual)}`,
      ),
    ];
  }),
];

/** What a driver asks a connection's settings for, to know whose quota it is or on whose behalf a call is made. */
function ownerProblems({ quotaOwner, headersFor, stageSettings = [] }: PartnerDriver): string[] {
  const asked = new Set<string>();
  const ask = (_: unknown, name: string | symbol): undefined => void asked.add(String(name));
  const settings = new Proxy<Record<string, string>>({}, { get: ask });
  for (const account of [null, "acct_1"]) {
    quotaOwner?.({ account, connectionId: "c", settings });
    headersFor?.({ account, connectionId: "c", settings });
  }
  return [...asked].flatMap((name) =>
    unless(stageSettings.includes(name), `the setting ${name} says whose it is, and is none of stageSettings`),
  );
}

function limitProblems(where: string, limits: readonly LimitDeclaration[]): string[] {
  return [
    ...unless(
      limits.some((limit) => limit.per !== "endpoint" && limit.rule.kind !== "concurrency"),
      `${where}: nothing bounds the account as a whole`,
    ),
    ...limits.flatMap((limit) => oneProblems(`${where} ${JSON.stringify(limit.rule)}`, limit)),
    ...limits.flatMap((limit) =>
      unless(isWithinAccount(limit, limits), `${where}: an endpoint may take more than its account`),
    ),
  ];
}

function oneProblems(where: string, { rule, share, uncertaintyMs, highShare }: LimitDeclaration): string[] {
  const bounds = rateOf(rule);
  return [
    ...(bounds === null ? [] : rateProblems(where, bounds)),
    ...unless(share === undefined || (share > 0 && share <= 1), `${where}: the share is not in (0, 1]`),
    ...unless(
      highShare === undefined || (highShare >= 0 && highShare < 1),
      `${where}: the webhooks' part is not in [0, 1)`,
    ),
    ...unless(
      uncertaintyMs === undefined || (uncertaintyMs >= 100 && uncertaintyMs <= 60_000),
      `${where}: the uncertainty is not between 100 ms and a minute`,
    ),
  ];
}

function rateProblems(where: string, { requests, perMs }: { readonly requests: number; readonly perMs: number }) {
  return [
    ...unless(Number.isSafeInteger(requests) && requests >= 1, `${where}: requests are not a positive whole number`),
    ...unless(
      Number.isSafeInteger(perMs) && perMs >= 100 && perMs <= 31 * dayMs,
      `${where}: the window is not between 100 ms and a month`,
    ),
    ...unless(requests / (perMs / 1000) <= perSecondMax, `${where}: more than ${perSecondMax} calls a second`),
  ];
}

function isWithinAccount(limit: LimitDeclaration, limits: readonly LimitDeclaration[]): boolean {
  const own = rateOf(limit.rule);
  if (limit.per !== "endpoint" || own === null) return true;
  return limits.every((other) => {
    const whole = other.per === "endpoint" ? null : rateOf(other.rule);
    return whole === null || whole.perMs !== own.perMs || whole.requests >= own.requests;
  });
}
