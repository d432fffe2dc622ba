import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { hubspotV1Signature } from "../../../lib/engine/signatures/hubspot-v1.ts";
import { hubspotV2Signature } from "../../../lib/engine/signatures/hubspot-v2.ts";
import { secretPath } from "../../../lib/engine/signatures/secret-path.ts";
import { shopifyAppProxySignature } from "../../../lib/engine/signatures/shopify-app-proxy.ts";
import { shopifyOauthSignature } from "../../../lib/engine/signatures/shopify-oauth.ts";
import { standardWebhooks } from "../../../lib/engine/signatures/standard-webhooks.ts";
import { stripeSignature } from "../../../lib/engine/signatures/stripe.ts";
import { telegramMiniAppSignature } from "../../../lib/engine/signatures/telegram-login.ts";
import { twilioFormSignature } from "../../../lib/engine/signatures/twilio-form.ts";
import { twilioSignature } from "../../../lib/engine/signatures/twilio.ts";
import { twilioUrls } from "../../../lib/engine/signatures/twilio-urls.ts";
import type { SignedRequest } from "../../../lib/engine/signatures/verifier.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);
const secret = "an invented secret";
const bytes = (text: string) => new TextEncoder().encode(text);
const refused = (reason: string) => ({ ok: false, reason });
const request = (over: Partial<SignedRequest>): SignedRequest => ({
  headers: {},
  rawBody: bytes("{}"),
  url: "https://hooks.example.com/webhooks/acme",
  method: "POST",
  secrets: [secret],
  nowMs,
  ...over,
});
const sha1 = (text: string) => createHmac("sha1", secret).update(text).digest("base64");
const sha256 = (text: string) => createHmac("sha256", secret).update(text).digest("hex");

describe("HubSpot", () => {
  const v1 = createHash("sha256").update(`${secret}{}`).digest("hex");

  test("one version is never taken for the other", () => {
    const headers = { "x-hubspot-signature": v1, "x-hubspot-signature-version": "v2" };
    expect(hubspotV1Signature(request({ headers }))).toEqual(refused("wrong-algorithm"));
    expect(hubspotV2Signature(request({ headers: { "x-hubspot-signature": v1 } }))).toEqual(refused("wrong-algorithm"));
    expect(hubspotV1Signature(request({ headers: { "x-hubspot-signature": v1 } }))).toEqual({ ok: true });
  });
});

describe("Twilio", () => {
  const url = "https://hooks.example.com/sms?a=1";
  const verify = (body: string, signature: string, over: Partial<SignedRequest> = {}) =>
    twilioFormSignature(request({ url, rawBody: bytes(body), headers: { "x-twilio-signature": signature }, ...over }));

  test("signs a repeated field's values once each, sorted", () => {
    expect(verify("Media=b&Media=a&Media=b&Body=x", sha1(`${url}BodyxMediaaMediab`))).toEqual({ ok: true });
  });

  test("signs nothing but the URL when there is no body", () => {
    expect(verify("", sha1(url), { method: "GET" })).toEqual({ ok: true });
  });

  test("sorts names by code unit, upper case first", () => {
    expect(verify("b=1&A=2&a=3", sha1(`${url}A2a3b1`))).toEqual({ ok: true });
  });

  test("may have signed any of a URL's forms", () => {
    expect(twilioUrls("https://u:p@x.example:8443/a?b=it%27s#f")).toEqual([
      "https://u:p@x.example:8443/a?b=it%27s",
      "https://u:p@x.example/a?b=it%27s",
      "https://u:p@x.example:8443/a?b=it's",
      "https://u:p@x.example/a?b=it's",
    ]);
    expect(twilioUrls("https://x.example/a")).toEqual(["https://x.example/a", "https://x.example:443/a"]);
    expect(twilioUrls("http://x.example?b=1")).toEqual(["http://x.example?b=1", "http://x.example:80?b=1"]);
    expect(twilioUrls("no url")).toEqual(["no url"]);
    expect(twilioUrls("http://[::1]:80/")).toContain("http://[::1]/");
  });

  test("has both a digest and a signature, or none of it counts", () => {
    const body = '{"a":1}';
    const digest = createHash("sha256").update(body).digest("hex");
    const signed = `${url}&bodySHA256=${digest}`;
    const over = { url: signed, rawBody: bytes(body) };
    const headers = (text: string) => ({ "x-twilio-signature": sha1(text) });
    expect(twilioSignature(request({ ...over, headers: headers(signed) }))).toEqual({ ok: true });
    expect(twilioSignature(request({ ...over, headers: headers(url) }))).toEqual(refused("mismatch"));
    expect(twilioSignature(request({ ...over, rawBody: bytes("{}"), headers: headers(signed) }))).toEqual(
      refused("mismatch"),
    );
    // The digest is looked for in the query, so that a form is not verified without its fields.
    expect(twilioSignature(request({ url, rawBody: bytes("a=1"), headers: headers(url) }))).toEqual(
      refused("mismatch"),
    );
    const twice = `${signed}&bodySHA256=${digest}`;
    expect(twilioSignature(request({ ...over, url: twice, headers: headers(twice) }))).toEqual(
      refused("malformed-header"),
    );
  });

  test("with more fields than anybody sends is refused before it is sorted", () => {
    expect(verify("a=1&".repeat(2_000), sha1(url))).toEqual(refused("mismatch"));
  });
});

describe("Shopify", () => {
  const time = nowMs / 1000;
  const at = (query: string) => request({ url: `https://app.example/cb?${query}` });

  test("a signature or a time that comes twice is refused, whatever its values", () => {
    const hmac = sha256(`shop=a&timestamp=${time}`);
    expect(shopifyOauthSignature(at(`shop=a&timestamp=${time}&hmac=${hmac}`))).toEqual({ ok: true });
    for (const twice of [`&hmac=${hmac}`, `&timestamp=${time}`])
      expect(shopifyOauthSignature(at(`shop=a&timestamp=${time}&hmac=${hmac}${twice}`))).toEqual(
        refused("malformed-header"),
      );
    expect(shopifyOauthSignature(at(`shop=a&timestamp=${time}`))).toEqual(refused("missing-header"));
    expect(shopifyOauthSignature(at(`shop=a&hmac=${hmac}`))).toEqual(refused("malformed-header"));
  });

  test("a callback's values are signed with their escapes, a space as %20", () => {
    const hmac = sha256(`host=YWJj%3D%3D&shop=a%20b&timestamp=${time}`);
    expect(shopifyOauthSignature(at(`timestamp=${time}&shop=a+b&host=YWJj%3D%3D&hmac=${hmac}`))).toEqual({ ok: true });
  });

  test("a proxy's repeated names are joined by commas", () => {
    const signature = sha256(`extra=1,2shop=atimestamp=${time}`);
    expect(shopifyAppProxySignature(at(`extra=1&shop=a&extra=2&timestamp=${time}&signature=${signature}`))).toEqual({
      ok: true,
    });
  });
});

test("Telegram's fields come once each", () => {
  const key = createHmac("sha256", "WebAppData").update(secret).digest();
  const text = `auth_date=${nowMs / 1000}\nid=1\nid=2`;
  const hash = createHmac("sha256", key).update(text).digest("hex");
  const rawBody = bytes(`auth_date=${nowMs / 1000}&id=1&id=2&hash=${hash}`);
  expect(telegramMiniAppSignature(request({ rawBody }))).toEqual(refused("malformed-header"));
});

test("Stripe's header is read to its end: no text after a signature is passed over", () => {
  const digest = createHmac("sha256", secret)
    .update(`${nowMs / 1000}.{}`)
    .digest("hex");
  const verify = (header: string) => stripeSignature(request({ headers: { "stripe-signature": header } }));
  expect(verify(`t=${nowMs / 1000},v1=${digest}`)).toEqual({ ok: true });
  expect(verify(`t=${nowMs / 1000},v1=${digest}=x`)).toEqual(refused("mismatch"));
  expect(verify(`t=${nowMs / 1000}=5,v1=${digest}`)).toEqual(refused("malformed-header"));
  expect(verify(`t=${nowMs / 1000},v1=${digest},t`)).toEqual(refused("malformed-header"));
  expect(verify(`t=${nowMs / 1000},v1=${digest},v1,v1=`)).toEqual({ ok: true });
});

test("Standard Webhooks passes over versions that it does not know, and items without any", () => {
  const key = Buffer.alloc(32, 7);
  const signature = createHmac("sha256", key)
    .update(`m.${nowMs / 1000}.{}`)
    .digest("base64");
  const verify = (header: string) =>
    standardWebhooks("webhook")(
      request({
        secrets: [key.toString("base64")],
        headers: { "webhook-id": "m", "webhook-timestamp": String(nowMs / 1000), "webhook-signature": header },
      }),
    );
  for (const header of [`v1,${signature}`, `v9,x v1,${signature}`, `nonsense v1, v1,${signature} v2,`])
    expect(verify(header)).toEqual({ ok: true });
  for (const header of [
    signature,
    `v2,${signature}`,
    "v1,",
    `v1a,${signature}`,
    `v1,${signature},x`,
    `V1,${signature}`,
  ])
    expect(verify(header)).toEqual(refused("mismatch"));
});

describe("a secret path", () => {
  const word = "an-invented-word-of-enough-letters";
  const verify = (url: string, secrets: readonly string[] = [word]) => secretPath(request({ url, secrets }));

  test.each([`https://x.example/webhooks/acme/${word}`, `https://x.example/a/${word}?q=1#f`, `/webhooks/acme/${word}`])(
    "%s is right",
    (url) => {
      expect(verify(url)).toEqual({ ok: true });
    },
  );

  test.each([
    [`https://x.example/webhooks/acme/${word}x`, "mismatch"],
    [`https://x.example/webhooks/acme/${word}/more`, "mismatch"],
    [`https://x.example/webhooks/acme?${word}`, "mismatch"],
    [`https://x.example/webhooks/acme/${word}/`, "missing-header"],
    [`https://${word}`, "missing-header"],
    ["", "missing-header"],
    [`https://x.example/${"x".repeat(1_000)}`, "malformed-header"],
  ])("%s is not", (url, reason) => {
    expect(verify(url)).toEqual(refused(reason));
  });

  test("that could be guessed is no secret", () => {
    expect(verify("https://x.example/acme/short", ["short"])).toEqual(refused("no-secret"));
  });
});
