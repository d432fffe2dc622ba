import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { standardWebhooks } from "../../../lib/engine/signatures/standard-webhooks.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);
const key = Buffer.from("an invented key of 32 bytes, yes").toString("base64");
const body = '{"test": 2432232314}';

/** Signed by the standard's own package, under either family of names. */
function headersOf(prefix: "webhook" | "svix", secret: string): Record<string, string> {
  return {
    [`${prefix}-id`]: "msg_example",
    [`${prefix}-timestamp`]: String(nowMs / 1000),
    [`${prefix}-signature`]: new Webhook(secret).sign("msg_example", new Date(nowMs), body),
  };
}

function verify(prefix: "webhook" | "svix", headers: Readonly<Record<string, string>>, secrets: readonly string[]) {
  const rawBody = new TextEncoder().encode(body);
  return standardWebhooks(prefix)({ headers, rawBody, url: "https://example.com", method: "POST", secrets, nowMs });
}

test.each(["webhook", "svix"] as const)("the standard's own package signs %s-… headers as we verify them", (prefix) => {
  const headers = headersOf(prefix, key);
  expect(verify(prefix, headers, [key])).toEqual({ ok: true });
  expect(verify(prefix, headers, [`whsec_${key}`])).toEqual({ ok: true });
  expect(verify(prefix, headers, [key.replace(/=+$/, "")])).toEqual({ ok: true });
});

test("one family of names is not the other", () => {
  const verdict = verify("svix", headersOf("webhook", key), [key]);
  expect(verdict).toEqual({ ok: false, reason: "missing-header" });
});

test("any of several signatures and of several secrets may match", () => {
  const headers = headersOf("svix", key);
  const several = { ...headers, "svix-signature": `v1,AAAA v2,BBBB ${headers["svix-signature"] ?? ""}` };
  const other = Buffer.from("another invented key of 32 bytes").toString("base64");
  expect(verify("svix", several, [other, key])).toEqual({ ok: true });
  expect(verify("svix", several, [other])).toEqual({ ok: false, reason: "mismatch" });
});

test.each([`${key}x`, `${key.slice(0, -4)}!`, key.slice(0, -5), "c2hvcnQ=", "", "whsec_"])(
  "%j is no secret, although a lenient reader may make a key of it",
  (secret) => {
    expect(verify("svix", headersOf("svix", key), [secret])).toEqual({ ok: false, reason: "no-secret" });
  },
);
