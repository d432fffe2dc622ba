import { createHash, createHmac, generateKeyPairSync, sign } from "node:crypto";
import type { BinaryLike } from "node:crypto";

/** One post as a partner would send it. */
export interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
  readonly rawBody: Uint8Array;
}

/** A partner that signs as the fact sheets have it, sharing no code with the verifiers. */
export interface Sender {
  /** As in the table of schemes. */
  readonly scheme: string;
  readonly secret: string;
  readonly other: string;
  readonly key?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** How far off a time may be; null where there is none. */
  readonly toleranceMs: { readonly past: number; readonly future: number } | null;
  /** What the signature covers: a change of anything else changes nothing. */
  readonly covers: { readonly body: boolean; readonly url: boolean; readonly method: boolean };
  readonly send: (body: Uint8Array, atMs: number, secret: string) => Sent;
}

const url = "https://hooks.example.com/webhooks/acme/c1?b=2&a=one%20two";
const minutes5 = { past: 300_000, future: 300_000 };
const bodyOnly = { body: true, url: false, method: false };

const hmac = (algorithm: string, key: BinaryLike, ...parts: readonly BinaryLike[]) => {
  const made = createHmac(algorithm, key);
  for (const part of parts) made.update(part);
  return made;
};
const seconds = (atMs: number) => String(Math.floor(atMs / 1000));
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

function bodySender(scheme: string, header: string, encoding: "hex" | "base64", prefix = ""): Sender {
  return {
    scheme,
    secret: "an invented secret",
    other: "another invented secret",
    toleranceMs: null,
    covers: bodyOnly,
    send: (rawBody, _atMs, secret) => ({
      headers: { [header]: prefix + hmac("sha256", secret, rawBody).digest(encoding) },
      url,
      rawBody,
    }),
  };
}

const ed25519 = generateKeyPairSync("ed25519");
const otherEd25519 = generateKeyPairSync("ed25519");
const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const publicText = (pair: typeof ed25519) =>
  `whpk_${Buffer.from(String(pair.publicKey.export({ format: "jwk" }).x), "base64url").toString("base64")}`;

function standardSender(prefix: "webhook" | "svix"): Sender {
  return {
    scheme: "standard-webhooks-v1",
    secret: "whsec_YW4gaW52ZW50ZWQgc2VjcmV0IG9mIGVub3VnaCBieXRlcw==",
    other: "whsec_YW5vdGhlciBpbnZlbnRlZCBzZWNyZXQgb2YgYnl0ZXM=",
    toleranceMs: minutes5,
    covers: bodyOnly,
    send(rawBody, atMs, secret) {
      const key = Buffer.from(secret.slice(6), "base64");
      const signature = hmac("sha256", key, `msg_1.${seconds(atMs)}.`, rawBody).digest("base64");
      return {
        headers: {
          [`${prefix}-id`]: "msg_1",
          [`${prefix}-timestamp`]: seconds(atMs),
          [`${prefix}-signature`]: `v1,${signature}`,
        },
        url,
        rawBody,
      };
    },
  };
}

const asymmetric: Sender = {
  scheme: "standard-webhooks-v1a-ed25519",
  secret: publicText(ed25519),
  other: publicText(otherEd25519),
  toleranceMs: minutes5,
  covers: bodyOnly,
  send(rawBody, atMs, secret) {
    const pair = secret === publicText(ed25519) ? ed25519 : otherEd25519;
    const text = Buffer.concat([Buffer.from(`msg_1.${seconds(atMs)}.`), rawBody]);
    const signature = sign(null, text, pair.privateKey).toString("base64");
    return {
      headers: {
        "webhook-id": "msg_1",
        "webhook-timestamp": seconds(atMs),
        "webhook-signature": `v1a,${signature}`,
      },
      url,
      rawBody,
    };
  },
};

const plain = { secret: "an invented secret", other: "another invented secret" };

const stripe: Sender = {
  ...plain,
  scheme: "stripe-v1",
  toleranceMs: minutes5,
  covers: bodyOnly,
  send: (rawBody, atMs, secret) => ({
    headers: {
      "stripe-signature": `t=${seconds(atMs)},v1=${hmac("sha256", secret, `${seconds(atMs)}.`, rawBody).digest("hex")}`,
    },
    url,
    rawBody,
  }),
};

const slack: Sender = {
  ...plain,
  scheme: "slack-v0",
  toleranceMs: minutes5,
  covers: bodyOnly,
  send: (rawBody, atMs, secret) => ({
    headers: {
      "x-slack-request-timestamp": seconds(atMs),
      "x-slack-signature": `v0=${hmac("sha256", secret, `v0:${seconds(atMs)}:`, rawBody).digest("hex")}`,
    },
    url,
    rawBody,
  }),
};

const square: Sender = {
  ...plain,
  scheme: "square-hmacsha256",
  toleranceMs: null,
  covers: { body: true, url: true, method: false },
  send: (rawBody, _atMs, secret) => ({
    headers: { "x-square-hmacsha256-signature": hmac("sha256", secret, url, rawBody).digest("base64") },
    url,
    rawBody,
  }),
};

const zendesk: Sender = {
  ...plain,
  scheme: "zendesk",
  toleranceMs: null,
  covers: bodyOnly,
  send(rawBody, atMs, secret) {
    const time = new Date(atMs).toISOString();
    return {
      headers: {
        "x-zendesk-webhook-signature-timestamp": time,
        "x-zendesk-webhook-signature": hmac("sha256", secret, time, rawBody).digest("base64"),
      },
      url,
      rawBody,
    };
  },
};

function hubspotSender(version: "v1" | "v2"): Sender {
  return {
    ...plain,
    scheme: `hubspot-${version}`,
    toleranceMs: null,
    covers: { body: true, url: version === "v2", method: version === "v2" },
    send(rawBody, _atMs, secret) {
      const digest = createHash("sha256")
        .update(secret)
        .update(version === "v2" ? `POST${url}` : "");
      return {
        headers: {
          "x-hubspot-signature": digest.update(rawBody).digest("hex"),
          "x-hubspot-signature-version": version,
        },
        url,
        rawBody,
      };
    },
  };
}

const hubspotV3: Sender = {
  ...plain,
  scheme: "hubspot-v3",
  toleranceMs: minutes5,
  covers: { body: true, url: true, method: true },
  send: (rawBody, atMs, secret) => ({
    headers: {
      "x-hubspot-request-timestamp": String(atMs),
      "x-hubspot-signature-v3": hmac("sha256", secret, `POST${url}`, rawBody, String(atMs)).digest("base64"),
    },
    url,
    rawBody,
  }),
};

const twilioForm: Sender = {
  ...plain,
  scheme: "twilio-form",
  toleranceMs: null,
  covers: { body: true, url: true, method: false },
  send(_body, _atMs, secret) {
    // Twilio's bodies are forms: what it says is signed, sorted by name.
    const rawBody = Buffer.from("To=%2B15550100&From=%2B15550101&Body=one+two");
    return {
      headers: {
        "x-twilio-signature": hmac("sha1", secret, `${url}Bodyone twoFrom+15550101To+15550100`).digest("base64"),
      },
      url,
      rawBody,
    };
  },
};

const twilioJson: Sender = {
  ...plain,
  scheme: "twilio-body-sha256",
  toleranceMs: null,
  covers: { body: true, url: true, method: false },
  send(rawBody, _atMs, secret) {
    const signed = `${url}&bodySHA256=${createHash("sha256").update(rawBody).digest("hex")}`;
    return {
      headers: { "x-twilio-signature": hmac("sha1", secret, signed).digest("base64") },
      url: signed,
      rawBody,
    };
  },
};

function shopifyQuery(scheme: "shopify-oauth-hmac" | "shopify-app-proxy"): Sender {
  return {
    ...plain,
    scheme,
    toleranceMs: { past: 90_000, future: 90_000 },
    covers: { body: false, url: true, method: false },
    send(rawBody, atMs, secret) {
      const time = seconds(atMs);
      const isOauth = scheme === "shopify-oauth-hmac";
      const text = isOauth
        ? `code=ab%20c&shop=acme.myshopify.com&timestamp=${time}`
        : `code=ab cshop=acme.myshopify.comtimestamp=${time}`;
      const name = isOauth ? "hmac" : "signature";
      const signature = hmac("sha256", secret, text).digest("hex");
      const query = `shop=acme.myshopify.com&code=ab%20c&${name}=${signature}&timestamp=${time}`;
      return { headers: {}, url: `https://hooks.example.com/shopify?${query}`, rawBody };
    },
  };
}

const telegramMiniApp: Sender = {
  ...plain,
  scheme: "telegram-login",
  toleranceMs: { past: 86_400_000, future: 86_400_000 },
  covers: { body: true, url: false, method: false },
  send(_body, atMs, secret) {
    const text = `auth_date=${seconds(atMs)}\nquery_id=AAH\nuser={"id":1}`;
    const hash = hmac("sha256", hmac("sha256", "WebAppData", secret).digest(), text).digest("hex");
    const query = `query_id=AAH&user=%7B%22id%22%3A1%7D&auth_date=${seconds(atMs)}&hash=${hash}`;
    return { headers: {}, url, rawBody: Buffer.from(query) };
  },
};

const telegramWidget: Sender = {
  ...plain,
  scheme: "telegram-login",
  toleranceMs: { past: 86_400_000, future: 86_400_000 },
  covers: { body: false, url: true, method: false },
  send(_body, atMs, secret) {
    const text = `auth_date=${seconds(atMs)}\nfirst_name=Ada\nid=1`;
    const hash = hmac("sha256", createHash("sha256").update(secret).digest(), text).digest("hex");
    const query = `id=1&first_name=Ada&auth_date=${seconds(atMs)}&hash=${hash}`;
    return { headers: {}, url: `https://hooks.example.com/login?${query}`, rawBody: Buffer.alloc(0) };
  },
};

function tokenSender(scheme: string, header: string, parameters: Readonly<Record<string, string>> = {}): Sender {
  return {
    ...plain,
    scheme,
    parameters,
    toleranceMs: null,
    covers: { body: false, url: false, method: false },
    send: (rawBody, _atMs, secret) => ({ headers: { [header]: secret }, url, rawBody }),
  };
}

const basic: Sender = {
  scheme: "basic",
  secret: "user:an invented password",
  other: "user:another invented password",
  toleranceMs: null,
  covers: { body: false, url: false, method: false },
  send: (rawBody, _atMs, secret) => ({
    headers: { authorization: `Basic ${Buffer.from(secret).toString("base64")}` },
    url,
    rawBody,
  }),
};

const secretPath: Sender = {
  scheme: "secret-path",
  secret: "an-invented-word-of-enough-letters",
  other: "another-invented-word-of-enough-letters",
  toleranceMs: null,
  covers: { body: false, url: true, method: false },
  send: (rawBody, _atMs, secret) => ({
    headers: {},
    url: `https://hooks.example.com/webhooks/acme/${secret}`,
    rawBody,
  }),
};

const plaid: Sender = {
  scheme: "plaid-es256",
  secret: "",
  other: "",
  key: JSON.stringify({ ...p256.publicKey.export({ format: "jwk" }), kid: "key-1", alg: "ES256", expired_at: null }),
  toleranceMs: minutes5,
  covers: bodyOnly,
  send(rawBody, atMs) {
    const digest = createHash("sha256").update(rawBody).digest("hex");
    const claims = { iat: Math.floor(atMs / 1000), request_body_sha256: digest };
    const input = `${encoded({ alg: "ES256", kid: "key-1", typ: "JWT" })}.${encoded(claims)}`;
    const signature = sign("sha256", Buffer.from(input), { key: p256.privateKey, dsaEncoding: "ieee-p1363" });
    return { headers: { "plaid-verification": `${input}.${signature.toString("base64url")}` }, url, rawBody };
  },
};

const googlePubSub: Sender = {
  scheme: "google-pub-sub",
  secret: "push@project.example https://hooks.example.com/google",
  other: "push@project.example https://hooks.example.com/other",
  key: JSON.stringify({ ...rsa.publicKey.export({ format: "jwk" }), kid: "key-1" }),
  toleranceMs: { past: 3_660_000 - 1, future: 60_000 },
  covers: { body: false, url: false, method: false },
  send(rawBody, atMs, secret) {
    const [email = "", aud = ""] = secret.split(" ");
    const iat = Math.floor(atMs / 1000);
    const claims = { iss: "https://accounts.google.com", aud, email, email_verified: true, iat, exp: iat + 3600 };
    const input = `${encoded({ alg: "RS256", kid: "key-1", typ: "JWT" })}.${encoded(claims)}`;
    const signature = sign("sha256", Buffer.from(input), rsa.privateKey).toString("base64url");
    return { headers: { authorization: `Bearer ${input}.${signature}` }, url, rawBody };
  },
};

const ownToken: Sender = {
  scheme: "own-token",
  secret: "booking:an-invented-secret",
  other: "booking:another-invented-secret",
  parameters: { audience: "booking" },
  toleranceMs: { past: 3_600_000 - 1, future: 5_000 },
  covers: { body: false, url: false, method: false },
  send(rawBody, atMs, secret) {
    const [id = "", word = ""] = secret.split(":");
    const iat = Math.floor(atMs / 1000);
    const claims = { aud: "booking", sub: id, iat, exp: iat + 3600 };
    const input = `${encoded({ alg: "HS256", typ: "JWT" })}.${encoded(claims)}`;
    const signature = hmac("sha256", hmac("sha256", word, `own-token:${id}`).digest(), input).digest("base64url");
    return { headers: { authorization: `Bearer ${input}.${signature}` }, url, rawBody };
  },
};

export const senders: readonly Sender[] = [
  standardSender("webhook"),
  standardSender("svix"),
  asymmetric,
  stripe,
  slack,
  square,
  zendesk,
  hubspotSender("v1"),
  hubspotSender("v2"),
  hubspotV3,
  bodySender("github-sha256", "x-hub-signature-256", "hex", "sha256="),
  bodySender("distru", "x-distru-signature", "hex", "sha256="),
  bodySender("xero", "x-xero-signature", "base64"),
  bodySender("quickbooks", "intuit-signature", "base64"),
  bodySender("leaflink", "ll-signature", "base64"),
  bodySender("shopify-webhook", "x-shopify-hmac-sha256", "base64"),
  bodySender("shopify-webhook", "shopify-hmac-sha256", "base64"),
  shopifyQuery("shopify-oauth-hmac"),
  shopifyQuery("shopify-app-proxy"),
  twilioForm,
  twilioJson,
  telegramMiniApp,
  telegramWidget,
  tokenSender("token-equality", "x-telegram-bot-api-secret-token", { header: "x-telegram-bot-api-secret-token" }),
  tokenSender("google-channel-token", "x-goog-channel-token"),
  basic,
  secretPath,
  plaid,
  googlePubSub,
  ownToken,
];
