import { isDeepStrictEqual } from "node:util";
import type { LimitDeclaration } from "../../../lib/engine/define-partner.ts";
import { unless } from "./identity.ts";
import type { Check } from "./subject.ts";

const dayMs = 86_400_000;
/** No partner allows more; what does is a slip of units. */
const perSecondMax = 10_000;

/** Limits are there, are positive, and no endpoint is allowed more than its account. */
export const checkLimits: Check = ({ driver, fixtures }) => [
  ...limitProblems("limits", driver.limits),
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

function limitProblems(where: string, limits: readonly LimitDeclaration[]): string[] {
  return [
    ...unless(
      limits.some((limit) => limit.scope === "account"),
      `${where}: nothing bounds the account as a whole`,
    ),
    ...limits.flatMap((limit) => oneProblems(`${where} ${limit.requests}/${limit.perMs} ms`, limit)),
    ...limits.flatMap((limit) =>
      unless(
        isWithinAccount(limit, limits),
        `${where}: an endpoint may take more in ${limit.perMs} ms than its account`,
      ),
    ),
  ];
}

function oneProblems(where: string, { requests, perMs, share }: LimitDeclaration): string[] {
  return [
    ...unless(Number.isSafeInteger(requests) && requests >= 1, `${where}: requests are not a positive whole number`),
    ...unless(
      Number.isSafeInteger(perMs) && perMs >= 100 && perMs <= 31 * dayMs,
      `${where}: the window is not between 100 ms and a month`,
    ),
    ...unless(requests / (perMs / 1000) <= perSecondMax, `${where}: more than ${perSecondMax} calls a second`),
    ...unless(share === undefined || (share > 0 && share <= 1), `${where}: the share is not in (0, 1]`),
  ];
}

function isWithinAccount(limit: LimitDeclaration, limits: readonly LimitDeclaration[]): boolean {
  if (limit.scope === "account") return true;
  return limits.every(
    (other) => other.scope !== "account" || other.perMs !== limit.perMs || other.requests >= limit.requests,
  );
}
