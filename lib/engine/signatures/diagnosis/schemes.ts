import { basicAuthorization } from "../basic.ts";
import { distruScheme } from "../distru.ts";
import { githubScheme } from "../github.ts";
import { googlePubSubToken } from "../google-pub-sub.ts";
import { hubspotV1Scheme } from "../hubspot-v1.ts";
import { hubspotV2Scheme } from "../hubspot-v2.ts";
import { hubspotV3Scheme } from "../hubspot-v3.ts";
import { leaflinkScheme } from "../leaflink.ts";
import { verifyMac } from "../mac-scheme.ts";
import type { MacScheme } from "../mac-scheme.ts";
import { ownToken } from "../own-token.ts";
import { paypalSignature } from "../paypal.ts";
import { plaidSignature } from "../plaid.ts";
import { quickbooksScheme } from "../quickbooks.ts";
import { secretPath } from "../secret-path.ts";
import { shopifyAppProxyScheme } from "../shopify-app-proxy.ts";
import { shopifyOauthScheme } from "../shopify-oauth.ts";
import { shopifyWebhookScheme } from "../shopify-webhook.ts";
import { slackScheme } from "../slack.ts";
import { squareScheme } from "../square.ts";
import { standardWebhooksScheme } from "../standard-webhooks.ts";
import type { StandardPrefix } from "../standard-webhooks.ts";
import { standardWebhooksAsymmetric } from "../standard-webhooks-v1a.ts";
import { stripeScheme } from "../stripe.ts";
import { telegramMiniAppScheme, telegramWidgetScheme } from "../telegram-login.ts";
import { tokenHeader } from "../token-header.ts";
import { twilioBodySha256Scheme } from "../twilio-body-sha256.ts";
import { twilioFormScheme } from "../twilio-form.ts";
import type { KeyedVerifier } from "../verifier.ts";
import { xeroScheme } from "../xero.ts";
import { zendeskScheme } from "../zendesk.ts";
import { hmacPrimitive, jwsPrimitive } from "./primitives.ts";
import type { Subject } from "./subject.ts";

/** A scheme by its name, for the command line and for tests. Drivers import the one verifier that they need, and never this. */
export interface SchemeEntry {
  readonly title: string;
  /** Lower-case; the first holds the signature. Empty where it stands elsewhere, or in a header that the case names. */
  readonly headers: readonly string[];
  /** Headers that look like the right ones and are not, with what they are. */
  readonly lookalikes?: Readonly<Record<string, string>>;
  /** What stands before the signature in its header. */
  readonly prefix?: string;
  /** What the secret is, and of what form. */
  readonly secret: string;
  /** What the configured text is: a secret, or the public key itself. */
  readonly keyed: "secret" | "public-key" | "both";
  readonly scheme:
    | { readonly kind: "mac"; readonly mac: (subject: Subject) => MacScheme }
    | { readonly kind: "verifier"; readonly verifier: (subject: Subject) => KeyedVerifier };
}

const standardHeaders = ["webhook-signature", "webhook-id", "webhook-timestamp"];
const hubspotWords = {
  lookalikes: { "x-hubspot-signature-v3": "the signature of version 3" },
  secret: "the app's client secret",
};
const twilioWords = { secret: "the account's primary auth token, not an API key's secret" };

/** Every scheme by name, as files of vectors and the command line write it. */
export const schemes: ReadonlyMap<string, SchemeEntry> = new Map(
  Object.entries({
    "standard-webhooks-v1": mac(
      "Standard Webhooks v1",
      standardHeaders,
      (subject) => standardWebhooksScheme(prefixOf(subject)),
      {
        secret: "whsec_… or its base64 part alone, which is decoded into the key",
      },
    ),
    "standard-webhooks-v1a-ed25519": verifier(
      "Standard Webhooks v1a",
      standardHeaders,
      (subject) => standardWebhooksAsymmetric(prefixOf(subject)),
      { secret: "the sender's public key, whpk_…" },
    ),
    "stripe-v1": mac("Stripe", ["stripe-signature"], () => stripeScheme, {
      secret: "the endpoint's whole whsec_… text, prefix and all",
    }),
    "shopify-webhook": mac("Shopify webhook", ["x-shopify-hmac-sha256"], () => shopifyWebhookScheme, {
      secret: "the app's client secret",
    }),
    "shopify-oauth-hmac": mac("Shopify redirect", [], () => shopifyOauthScheme, { secret: "the app's client secret" }),
    "shopify-app-proxy": mac("Shopify app proxy", [], () => shopifyAppProxyScheme, {
      secret: "the app's client secret",
    }),
    "github-sha256": mac("GitHub", ["x-hub-signature-256"], () => githubScheme, {
      prefix: "sha256=",
      lookalikes: { "x-hub-signature": "the older SHA-1 signature" },
      secret: "the hook's secret as it was typed in",
    }),
    "slack-v0": mac("Slack", ["x-slack-signature", "x-slack-request-timestamp"], () => slackScheme, {
      prefix: "v0=",
      secret: "the app's signing secret, not its client secret or verification token",
    }),
    "square-hmacsha256": mac("Square", ["x-square-hmacsha256-signature"], () => squareScheme, {
      lookalikes: { "x-square-signature": "the retired SHA-1 signature" },
      secret: "the subscription's signature key",
    }),
    "hubspot-v1": mac("HubSpot v1", ["x-hubspot-signature"], () => hubspotV1Scheme, hubspotWords),
    "hubspot-v2": mac("HubSpot v2", ["x-hubspot-signature"], () => hubspotV2Scheme, hubspotWords),
    "hubspot-v3": mac("HubSpot v3", ["x-hubspot-signature-v3", "x-hubspot-request-timestamp"], () => hubspotV3Scheme, {
      lookalikes: { "x-hubspot-signature": "the signature of version 1 or 2" },
      secret: hubspotWords.secret,
    }),
    xero: mac("Xero", ["x-xero-signature"], () => xeroScheme, { secret: "the webhook key as text, not decoded" }),
    zendesk: mac(
      "Zendesk",
      ["x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"],
      () => zendeskScheme,
      { secret: "the webhook's signing secret as text, not decoded" },
    ),
    "twilio-form": mac("Twilio, form", ["x-twilio-signature"], () => twilioFormScheme, twilioWords),
    "twilio-body-sha256": mac(
      "Twilio, other bodies",
      ["x-twilio-signature"],
      () => twilioBodySha256Scheme,
      twilioWords,
    ),
    quickbooks: mac("QuickBooks", ["intuit-signature"], () => quickbooksScheme, {
      secret: "the app's verifier token, not its client secret",
    }),
    leaflink: mac("LeafLink", ["ll-signature"], () => leaflinkScheme, { secret: "the company's webhook key" }),
    distru: mac("Distru", ["x-distru-signature"], () => distruScheme, {
      prefix: "sha256=",
      secret: "the endpoint's signing secret",
    }),
    "telegram-login": mac("Telegram login", [], (subject) => telegramScheme(subject), { secret: "the bot's token" }),
    "token-equality": verifier("a token in a header", [], ({ parameters }) => tokenHeader(parameters["header"] ?? ""), {
      secret: "the token that was registered",
    }),
    "google-channel-token": verifier(
      "Google, channel token",
      ["x-goog-channel-token"],
      () => tokenHeader("x-goog-channel-token"),
      { secret: "the token that the channel was opened with" },
    ),
    "google-pub-sub": verifier("Google Pub/Sub", ["authorization"], () => googlePubSubToken, {
      secret: "<service account's e-mail> <audience>, as the subscription has them; Google's JWK as the key",
      keyed: "both",
    }),
    "plaid-es256": verifier("Plaid", ["plaid-verification"], () => plaidSignature, {
      secret: "Plaid's JWK for the token's kid",
      keyed: "public-key",
    }),
    "paypal-rsa": verifier("PayPal", ["paypal-transmission-sig"], paypal, {
      secret: "the certificate at PAYPAL-CERT-URL in PEM, with the webhook's id beside it",
      keyed: "public-key",
    }),
    "own-token": verifier(
      "a token of ours",
      ["authorization"],
      ({ parameters }) => ownToken(parameters["audience"] ?? ""),
      {
        secret: "<client id>:<client secret>, as the partner has them",
      },
    ),
    basic: verifier("HTTP Basic", ["authorization"], () => basicAuthorization, { secret: "<user>:<password>" }),
    "secret-path": verifier("a secret path", [], () => secretPath, {
      secret: "the URL's last segment, 24 characters or more",
    }),
    "hmac-sha256-hex-primitive": verifier("HMAC-SHA256 in hex", [], hmacPrimitive, { secret: "the key" }),
    "jws-es256-primitive": verifier("JWS, ES256", ["x-jws"], () => jwsPrimitive, {
      secret: "the signer's JWK",
      keyed: "public-key",
    }),
  }),
);

type Words = Pick<SchemeEntry, "secret"> & Partial<Pick<SchemeEntry, "keyed" | "lookalikes" | "prefix">>;

function mac(
  title: string,
  headers: readonly string[],
  made: (subject: Subject) => MacScheme,
  words: Words,
): SchemeEntry {
  return { title, headers, keyed: "secret", scheme: { kind: "mac", mac: made }, ...words };
}

function verifier(
  title: string,
  headers: readonly string[],
  made: (subject: Subject) => KeyedVerifier,
  words: Words,
): SchemeEntry {
  return { title, headers, keyed: "secret", scheme: { kind: "verifier", verifier: made }, ...words };
}

/** The verifier of a subject, as a driver would have it. */
export function verifierOf(entry: SchemeEntry, subject: Subject): KeyedVerifier {
  if (entry.scheme.kind === "verifier") return entry.scheme.verifier(subject);
  const scheme = entry.scheme.mac(subject);
  return (request) => verifyMac(scheme, request);
}

function prefixOf({ headers }: Subject): StandardPrefix {
  return "svix-signature" in headers ? "svix" : "webhook";
}

function telegramScheme({ rawBody }: Subject): MacScheme {
  return rawBody.byteLength > 0 ? telegramMiniAppScheme : telegramWidgetScheme;
}

/** The certificate that was given is its own anchor: a file of one certificate shows the signature, and a driver the whole chain. */
function paypal({ key }: Subject): KeyedVerifier {
  return paypalSignature({ anchors: key === null ? [] : [key] });
}
