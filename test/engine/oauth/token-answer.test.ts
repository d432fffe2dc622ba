import { describe, expect, test } from "vitest";
import { withGrant, lastingToken } from "../../../lib/engine/oauth/oauth-credential.ts";
import { challengeOf, hashOfState, unguessable } from "../../../lib/engine/oauth/pkce.ts";
import { missingScopes, scopesIn } from "../../../lib/engine/oauth/scopes.ts";
import { requestToken } from "../../../lib/engine/oauth/token-answer.ts";
import type { OutboundAnswer, OutboundRequest } from "../../../lib/engine/ports.ts";
import { gamma, gammaApp } from "../../flows/support/gamma.ts";
import { jsonAnswer, startMs } from "../../support/memory-ports.ts";
import { SeededRandom } from "../../support/memory/clock.ts";

const good = {
  access_token: "token-1",
  token_type: "bearer",
  expires_in: 60,
  refresh_token: "refresh-1",
  scope: "a b",
};

async function ask(answer: OutboundAnswer, sent: OutboundRequest[] = []) {
  const { auth } = gamma;
  if (auth.kind !== "authorization-code") throw new Error("gamma is connected by a code");
  const send = async (request: OutboundRequest): Promise<OutboundAnswer> => {
    sent.push(request);
    return answer;
  };
  const grant = { kind: "refresh", refreshToken: "refresh-0" } as const;
  return requestToken({ driver: gamma, auth, app: gammaApp, grant, nowMs: () => startMs, send });
}

describe("a token answer", () => {
  test("is read, whatever its type's case and whether its seconds are a number or a text", async () => {
    for (const answer of [good, { ...good, token_type: "Bearer", expires_in: "60" }])
      expect(await ask(jsonAnswer(200, answer))).toEqual({
        kind: "granted",
        token: { accessToken: "token-1", refreshToken: "refresh-1", lifeMs: 60_000, scopes: ["a", "b"], rest: {} },
      });
  });

  test.each([
    [{ ...good, access_token: undefined }],
    [{ ...good, access_token: "" }],
    [{ ...good, access_token: "a\r\nb: c" }],
    [{ ...good, access_token: 1 }],
    [{ ...good, token_type: undefined }],
    [{ ...good, token_type: "mac" }],
    [{ ...good, token_type: "dpop" }],
    [{ ...good, expires_in: -1 }],
    [{ ...good, expires_in: 0 }],
    [{ ...good, expires_in: 1e12 }],
    [{ ...good, refresh_token: "a b" }],
    [{ ...good, scope: ["a"] }],
    [[good]],
    ["token"],
  ])("that is %j is none", async (answer) => {
    expect(await ask(jsonAnswer(200, answer))).toMatchObject({ kind: "failed", error: { code: "bad-token-answer" } });
  });

  test("drops an ID token unread", async () => {
    const outcome = await ask(jsonAnswer(200, { ...good, id_token: "not even a JWT" }));
    expect(outcome).toMatchObject({ kind: "granted", token: { rest: {} } });
  });

  test.each([
    [jsonAnswer(400, { error: "invalid_grant" }), { kind: "refused", code: "invalid_grant" }],
    [jsonAnswer(401, { error: "invalid_client" }), { kind: "refused", code: "invalid_client" }],
    [jsonAnswer(401, {}), { kind: "refused", code: "invalid_client" }],
    [jsonAnswer(503, {}), { kind: "unknown" }],
    [{ kind: "lost", reason: "timeout", detail: "" } as const, { kind: "unknown" }],
    [jsonAnswer(429, {}), { kind: "failed", error: { kind: "rate" } }],
    [jsonAnswer(302, {}), { kind: "failed" }],
    [jsonAnswer(204, {}), { kind: "failed" }],
  ])("of another kind says what it means: %#", async (answer, meaning) => {
    expect(await ask(answer)).toMatchObject(meaning);
  });

  test("is asked for with our id and secret in the header, and the token in the form alone", async () => {
    const sent: OutboundRequest[] = [];
    await ask(jsonAnswer(200, good), sent);
    const [request] = sent;
    expect(request?.headers["authorization"]).toMatch(/^Basic /);
    expect(request?.url).toBe("https://login.gamma.example/token");
    expect(Object.fromEntries(new URLSearchParams(request?.body ?? ""))).toEqual({
      grant_type: "refresh_token",
      refresh_token: "refresh-0",
    });
  });
});

test("the challenge is that of RFC 7636, appendix B", () => {
  const challenge = challengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  expect(challenge).toBe("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
});

test("states are unlike one another, and are known by a hash that is not theirs", () => {
  const random = new SeededRandom(1);
  const states = Array.from({ length: 100 }, () => unguessable(random));
  expect(new Set(states).size).toBe(100);
  expect(states.every((state) => /^[\w-]{43}$/.test(state))).toBe(true);
  expect(hashOfState("a")).not.toBe(challengeOf("a"));
});

test("what is needed and was not granted is named; nothing said is all granted", () => {
  expect(missingScopes(["a", "b"], scopesIn("b,c"))).toEqual(["a"]);
  expect(missingScopes(["a", "b"], scopesIn("c b  a"))).toEqual([]);
  expect(missingScopes(["a"], null)).toEqual([]);
});

describe("a stored token", () => {
  const token = { accessToken: "t", refreshToken: null, lifeMs: null, scopes: null, rest: {} };

  test("that nothing renews and that has no end lasts", () => {
    expect(lastingToken(withGrant({}, token, { nowMs: startMs }), startMs * 2)).toBe("t");
  });

  test("takes the notes about the former one away, and keeps the rest", () => {
    const former = { refreshToken: "r", refreshBegunAtMs: "1", refreshTries: "2", refreshRefused: "true", other: "o" };
    const fields = withGrant(former, token, { nowMs: startMs });
    expect(fields).toMatchObject({ refreshToken: "r", other: "o", accessToken: "t" });
    expect(Object.keys(fields).filter((name) => /^refresh[A-Z](?!oken)/.test(name))).toEqual([]);
    expect(lastingToken(fields, startMs + 3_600_000)).toBeNull();
  });
});
