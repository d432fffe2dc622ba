import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import * as z from "zod";
import { definePartner } from "../../../../lib/engine/define-partner.ts";
import type { PartnerDriver } from "../../../../lib/engine/define-partner.ts";
import type { OutboundAnswer, OutboundRequest } from "../../../../lib/engine/ports.ts";
import { googlePubSubWebhooks } from "../../../../lib/engine/signatures/google-pub-sub-webhooks.ts";
import { sha256Hex } from "../../../../lib/engine/signatures/hmac.ts";
import { paypalWebhooks } from "../../../../lib/engine/signatures/paypal-webhooks.ts";
import { plaidWebhooks } from "../../../../lib/engine/signatures/plaid-webhooks.ts";
import type { Verification } from "../../../../lib/engine/signatures/verification.ts";
import { jsonAnswer } from "../../../support/memory-ports.ts";
import { acme } from "../../support/acme.ts";

/** A partner that publishes its keys, and signs as it does; shares no code with the verifiers. */
export interface Publisher {
  readonly title: string;
  readonly driver: PartnerDriver;
  readonly webhookSecrets: readonly string[];
  /** Where keys are asked for. */
  readonly host: string;
  /** When what it signs is of now. */
  readonly nowMs: number;
  /** A webhook under the key of this id; ids `one` and `two` have keys, whether published or not. */
  send(id: string, nowMs: number): { readonly headers: Readonly<Record<string, string>>; readonly rawBody: Uint8Array };
  /** What its key server answers while it publishes those. */
  answer(request: OutboundRequest, published: readonly string[]): OutboundAnswer;
  /** What it answers when a key's time is over. */
  answerEnded(request: OutboundRequest, id: string): OutboundAnswer;
}

const body = new TextEncoder().encode('{"account":"acct-1","touched":["order-1"]}');
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const of = <T>(keys: Readonly<Record<string, T>>, id: string): T => {
  // A stranger has some key, and none that is published.
  const key = keys[id] ?? keys["one"];
  if (key === undefined) throw new Error(id);
  return key;
};

function driverOf(verify: Verification, baseUrl: string, hosts: readonly string[]): PartnerDriver {
  const { webhook } = acme;
  if (webhook === undefined) throw new Error("acme has no webhook");
  return definePartner({ ...acme, baseUrl, hosts, webhook: { ...webhook, verify } });
}

const curve = () => generateKeyPairSync("ec", { namedCurve: "P-256" });
const plaidKeys = { one: curve(), two: curve() };
const PlaidAsk = z.strictObject({
  client_id: z.literal("our-client"),
  secret: z.literal("our-secret"),
  key_id: z.string(),
});
const plaidKey = (id: string, expiredAt: number | null) =>
  jsonAnswer(200, {
    key: {
      ...of(plaidKeys, id).publicKey.export({ format: "jwk" }),
      alg: "ES256",
      kid: id,
      use: "sig",
      expired_at: expiredAt,
    },
    request_id: "r",
  });

const plaid: Publisher = {
  title: "Plaid",
  driver: driverOf(plaidWebhooks, "https://production.plaid.com", []),
  webhookSecrets: [],
  host: "production.plaid.com",
  nowMs: Date.UTC(2027, 0),
  send(id, nowMs) {
    const claims = { iat: Math.floor(nowMs / 1000), request_body_sha256: sha256Hex(body) };
    const input = `${encoded({ alg: "ES256", kid: id, typ: "JWT" })}.${encoded(claims)}`;
    const key = { key: of(plaidKeys, id).privateKey, dsaEncoding: "ieee-p1363" } as const;
    const token = `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`;
    return { headers: { "plaid-verification": token }, rawBody: body };
  },
  answer(request, published) {
    const { key_id: id } = PlaidAsk.parse(JSON.parse(request.body ?? ""));
    if (published.includes(id)) return plaidKey(id, null);
    return jsonAnswer(400, { error_code: "INVALID_WEBHOOK_VERIFICATION_KEY_ID", error_type: "INVALID_INPUT" });
  },
  answerEnded: (_, id) => plaidKey(id, Math.floor(Date.UTC(2027, 0) / 1000)),
};

const rsa = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const googleKeys = { one: rsa(), two: rsa() };
const googleSet = (ids: readonly string[]) =>
  jsonAnswer(200, {
    keys: ids.map((id) => ({ ...of(googleKeys, id).publicKey.export({ format: "jwk" }), kid: id, use: "sig" })),
  });

const google: Publisher = {
  title: "Google Pub/Sub",
  driver: driverOf(googlePubSubWebhooks, "https://gmail.googleapis.com/gmail/v1", ["www.googleapis.com"]),
  webhookSecrets: ["push@project.example https://hooks.example/webhooks/acme"],
  host: "www.googleapis.com",
  nowMs: Date.UTC(2027, 0),
  send(id, nowMs) {
    const iat = Math.floor(nowMs / 1000);
    const claims = {
      iss: "https://accounts.google.com",
      aud: "https://hooks.example/webhooks/acme",
      email: "push@project.example",
      email_verified: true,
      iat,
      exp: iat + 3600,
    };
    const input = `${encoded({ alg: "RS256", kid: id, typ: "JWT" })}.${encoded(claims)}`;
    const signature = sign("sha256", Buffer.from(input), of(googleKeys, id).privateKey);
    return { headers: { authorization: `Bearer ${input}.${signature.toString("base64url")}` }, rawBody: body };
  },
  answer: (_, published) => googleSet(published),
  answerEnded: () => googleSet(["two"]),
};

const Certificates = z.object({
  body: z.string(),
  id: z.string(),
  time: z.string(),
  webhookId: z.string(),
  root: z.string(),
  intermediate: z.string(),
  signed: z.record(z.string(), z.object({ certificates: z.string(), signature: z.string() })),
});
const file = new URL("../../../fixtures/signatures/paypal-certificates.json", import.meta.url);
const certificates = Certificates.parse(JSON.parse(readFileSync(file, "utf8")));
const paypalKeys = { one: certificates.signed["of PayPal's name"], two: certificates.signed["alone"] };
const pem = (text: string | undefined): OutboundAnswer => ({
  kind: "answered",
  status: 200,
  headers: {},
  body: new TextEncoder().encode(text),
});

const paypal: Publisher = {
  title: "PayPal",
  driver: driverOf(
    paypalWebhooks({ anchors: [certificates.root, certificates.intermediate] }),
    "https://api-m.sandbox.paypal.com",
    ["api.sandbox.paypal.com"],
  ),
  webhookSecrets: [certificates.webhookId],
  host: "api.sandbox.paypal.com",
  nowMs: Date.UTC(2027, 0),
  send: (id) => ({
    headers: {
      "paypal-auth-algo": "SHA256withRSA",
      "paypal-cert-url": `https://api.sandbox.paypal.com/v1/notifications/certs/${id}`,
      "paypal-transmission-id": certificates.id,
      "paypal-transmission-time": certificates.time,
      "paypal-transmission-sig": of(paypalKeys, id)?.signature ?? "",
    },
    rawBody: new TextEncoder().encode(certificates.body),
  }),
  answer(request, published) {
    const id = request.url.slice(request.url.lastIndexOf("/") + 1);
    return published.includes(id) ? pem(of(paypalKeys, id)?.certificates) : jsonAnswer(404, { name: "NOT_FOUND" });
  },
  answerEnded: () => pem(certificates.signed["expired"]?.certificates),
};

export const publishers: readonly Publisher[] = [plaid, google, paypal];
