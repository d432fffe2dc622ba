import { generateKeyPairSync, sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import { googlePubSubToken } from "../../../lib/engine/signatures/google-pub-sub.ts";
import { sha256Hex } from "../../../lib/engine/signatures/hmac.ts";
import { plaidSignature } from "../../../lib/engine/signatures/plaid.ts";
import type { KeyedRequest, KeyedVerdict } from "../../../lib/engine/signatures/verifier.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);
const iat = nowMs / 1000;
const rawBody = new TextEncoder().encode('{\n  "webhook_code": "SYNC_UPDATES_AVAILABLE"\n}');
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const shortRsa = generateKeyPairSync("rsa", { modulusLength: 1024 });

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwkOf = (pair: typeof p256, more: object = {}) =>
  JSON.stringify({ ...pair.publicKey.export({ format: "jwk" }), ...more });
const refused = (reason: string) => ({ ok: false, reason });
const request = (over: Partial<KeyedRequest>): KeyedRequest => ({
  headers: {},
  rawBody,
  url: "https://hooks.example.com",
  method: "POST",
  secrets: [],
  nowMs,
  keys: () => null,
  ...over,
});

describe("Plaid", () => {
  const claims = { iat, request_body_sha256: sha256Hex(rawBody) };
  const made = (header: object, payload: unknown, dsaEncoding: "ieee-p1363" | "der" = "ieee-p1363") => {
    const input = `${encoded(header)}.${encoded(payload)}`;
    const signature = sign("sha256", Buffer.from(input), { key: p256.privateKey, dsaEncoding });
    return `${input}.${signature.toString("base64url")}`;
  };
  const good = { alg: "ES256", kid: "key-1", typ: "JWT" };

  function verify(
    token: string,
    key: string | null = jwkOf(p256),
  ): { verdict: KeyedVerdict; asked: readonly string[] } {
    const asked: string[] = [];
    const keys = (id: string) => {
      asked.push(id);
      return key;
    };
    return { verdict: plaidSignature(request({ headers: { "plaid-verification": token }, keys })), asked };
  }

  test("is taken when everything is in order", () => {
    expect(verify(made(good, claims))).toEqual({ verdict: { ok: true }, asked: ["key-1"] });
  });

  test.each(["none", "HS256", "RS256", "ES384", "es256", ""])(
    "with alg %j is refused before a key is asked for",
    (alg) => {
      expect(verify(made({ ...good, alg }, claims))).toEqual({ verdict: refused("wrong-algorithm"), asked: [] });
    },
  );

  test.each([undefined, "", "../../x", "a b", "k".repeat(65), "https://evil.example"])(
    "with kid %j costs no look-up",
    (kid) => {
      expect(verify(made({ ...good, kid }, claims))).toEqual({ verdict: refused("malformed-header"), asked: [] });
    },
  );

  test("with a key that is unknown says which, and with one of another kind, id or past its end is refused", () => {
    expect(verify(made(good, claims), null).verdict).toEqual({ ok: false, reason: "unknown-key", wanted: "key-1" });
    expect(verify(made(good, claims), jwkOf(p256, { kid: "key-2" })).verdict).toEqual(refused("untrusted-key"));
    expect(verify(made(good, claims), jwkOf(p256, { expired_at: iat })).verdict).toEqual(refused("untrusted-key"));
    expect(verify(made(good, claims), jwkOf(p256, { expired_at: iat + 1 })).verdict).toEqual({ ok: true });
    for (const key of [jwkOf(p384), jwkOf(rsa), jwkOf(p256, { y: "AAAA" }), "{}", "[]"])
      expect(verify(made(good, claims), key).verdict.ok).toBe(false);
    expect(verify(made(good, claims), "no JSON").verdict).toEqual(refused("untrusted-key"));
  });

  test("in DER, with one byte of the body changed, or without claims is refused", () => {
    expect(verify(made(good, claims, "der")).verdict).toEqual(refused("mismatch"));
    expect(verify(made(good, { ...claims, request_body_sha256: sha256Hex("other") })).verdict).toEqual(
      refused("mismatch"),
    );
    expect(verify(made(good, { iat })).verdict).toEqual(refused("wrong-claims"));
    expect(verify(made(good, null)).verdict).toEqual(refused("wrong-claims"));
    expect(verify(made(good, { ...claims, iat: "soon" })).verdict).toEqual(refused("wrong-claims"));
  });

  test.each(["", "a", "a.b", "a.b.c", "a.b.c.d", `${encoded({ alg: "ES256" })}..`, "e30.e30.!", "x".repeat(10_000)])(
    "of the form %j is refused",
    (token) => {
      expect(verify(token).verdict.ok).toBe(false);
    },
  );

  test("with padding, whitespace or extensions that must be understood is refused", () => {
    const token = made(good, claims);
    for (const other of [`${token}=`, `${token}\n`, ` ${token}`]) expect(verify(other).verdict.ok).toBe(false);
    expect(verify(made({ ...good, crit: ["b64"], b64: false }, claims)).verdict).toEqual(refused("malformed-header"));
  });
});

describe("Google Pub/Sub", () => {
  const secret = "push@project.example https://hooks.example.com/google";
  const claims = {
    iss: "https://accounts.google.com",
    aud: "https://hooks.example.com/google",
    email: "push@project.example",
    email_verified: true,
    iat,
    exp: iat + 3600,
  };

  function verify(over: object, pair = rsa, header: object = { alg: "RS256", kid: "key-1" }): KeyedVerdict {
    const input = `${encoded(header)}.${encoded({ ...claims, ...over })}`;
    const token = `${input}.${sign("sha256", Buffer.from(input), pair.privateKey).toString("base64url")}`;
    const headers = { authorization: `Bearer ${token}` };
    return googlePubSubToken(request({ headers, secrets: [secret], keys: () => jwkOf(pair) }));
  }

  test("is taken for our subscription", () => {
    expect(verify({})).toEqual({ ok: true });
    expect(verify({ iss: "accounts.google.com" })).toEqual({ ok: true });
  });

  test.each([
    { aud: "https://other.example" },
    { email: "stranger@project.example" },
    { email_verified: false },
    { email_verified: "true" },
    { iss: "https://evil.example" },
    { aud: ["https://hooks.example.com/google"] },
    { exp: undefined },
  ])("rightly signed by Google for somebody else, %j, is refused", (over) => {
    expect(verify(over)).toEqual(refused("wrong-claims"));
  });

  test("is held to its time, with a minute for clocks", () => {
    expect(verify({ iat: iat - 3660, exp: iat - 59 })).toEqual({ ok: true });
    expect(verify({ iat: iat - 3660, exp: iat - 60 })).toEqual(refused("stale"));
    expect(verify({ iat: iat + 60 })).toEqual({ ok: true });
    expect(verify({ iat: iat + 61 })).toEqual(refused("stale"));
  });

  test("of another algorithm, or of a key too short, is refused", () => {
    expect(verify({}, rsa, { alg: "HS256", kid: "key-1" })).toEqual(refused("wrong-algorithm"));
    expect(verify({}, rsa, { alg: "none", kid: "key-1" })).toEqual(refused("wrong-algorithm"));
    expect(verify({}, shortRsa)).toEqual(refused("mismatch"));
  });

  test.each(["", "no audience", "push@project.example", "@ x"])(
    "without a secret of its form, %j, is refused",
    (word) => {
      expect(googlePubSubToken(request({ secrets: [word] }))).toEqual(refused("no-secret"));
    },
  );
});
