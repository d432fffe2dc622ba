import { describe, expect, test } from "vitest";
import { beginMint, withToken } from "../../lib/engine/access-token.ts";
import { withGrant } from "../../lib/engine/oauth/oauth-credential.ts";
import type { CredentialFields } from "../../lib/engine/ports.ts";
import { isRenewedTooOften } from "../../lib/engine/renewal-frequency.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const startMs = 1_790_000_000_000;

/** How many of a day's renewals are said to be too many, where a token of some life is renewed so often. */
function alarmsOf(lifeMs: number, everyMs: number, kind: "client" | "code"): number {
  let fields: CredentialFields = { refreshToken: "r" };
  let alarms = 0;
  for (let nowMs = startMs; nowMs < startMs + 2 * dayMs; nowMs += everyMs) {
    const verdict = beginMint(fields, { tokensPerDay: null }, nowMs);
    if (verdict.kind !== "mint") throw new Error("no token");
    const token = { accessToken: "a", refreshToken: null, lifeMs, scopes: null, rest: {} };
    fields =
      kind === "code"
        ? withGrant(verdict.fields, token, { nowMs })
        : withToken(verdict.fields, { access_token: "a", token_type: "bearer", expires_in: lifeMs / 1_000 }, nowMs);
    if (isRenewedTooOften(fields, nowMs)) alarms += 1;
  }
  return alarms;
}

describe.each(["client", "code"] as const)("%s: a token", (kind) => {
  test.each([
    ["an hour's", hourMs, hourMs * 0.8],
    ["a day's", dayMs, dayMs * 0.9],
    ["five minutes'", 300_000, 240_000],
    // Somebody revokes it now and then.
    ["an hour's, renewed twice as often", hourMs, hourMs * 0.45],
  ])("%s, renewed when its life says so, rings nothing", (_name, lifeMs, everyMs) => {
    expect(alarmsOf(lifeMs, everyMs, kind)).toBe(0);
  });

  test.each([
    ["an hour's every ten minutes", hourMs, 600_000],
    ["a day's every two hours", dayMs, 2 * hourMs],
    ["five minutes' every minute", 300_000, 60_000],
  ])("%s rings", (_name, lifeMs, everyMs) => {
    expect(alarmsOf(lifeMs, everyMs, kind)).toBeGreaterThan(3);
  });
});

test("a token without an end, or a credential without one, rings nothing", () => {
  expect(isRenewedTooOften({}, startMs)).toBe(false);
  expect(isRenewedTooOften({ accessTokenExpiresAtMs: "0", mintedAtMs: "1,2,3,4,5,6,7,8" }, startMs)).toBe(false);
});
