import { describe, expect, test } from "vitest";
import type { WebhookDriver } from "../../../lib/engine/define-partner.ts";
import { googlePubSubWebhooks } from "../../../lib/engine/signatures/google-pub-sub-webhooks.ts";
import { ownTokenWebhooks } from "../../../lib/engine/signatures/own-token-webhooks.ts";
import { plaidWebhooks } from "../../../lib/engine/signatures/plaid-webhooks.ts";
import { tokenHeader } from "../../../lib/engine/signatures/token-header.ts";
import type { Verification } from "../../../lib/engine/signatures/verification.ts";
import type { KeyedVerifier } from "../../../lib/engine/signatures/verifier.ts";
import { senders } from "../../engine/signatures/senders.ts";
import { checks } from "../contract.ts";
import { acme, acmeFixtures } from "./acme.ts";
import { subject } from "./planted.ts";
import type { Subject, WebhookFixtures } from "./subject.ts";

/** Acme, if its webhooks came with another proof. */
function withScheme(scheme: string, verify: Verification, over: object = {}): Subject {
  const sender = senders.find((each) => each.scheme === scheme);
  const { webhook } = acmeFixtures;
  if (sender === undefined || webhook === null) throw new Error(scheme);
  const at = webhook.vectors.find(({ valid }) => valid)?.now ?? 0;
  const sign: WebhookFixtures["sign"] = (body, secret, atMs) => sender.send(body, atMs, secret).headers;
  const vector = (name: string, valid: boolean) => ({
    name,
    secret: sender.secret,
    headers: valid ? sign(Buffer.from("{}"), sender.secret, at * 1000) : {},
    body: "{}",
    now: at,
    valid,
  });
  const fixtures: Partial<WebhookFixtures> = {
    secret: sender.secret,
    sign,
    vectors: [vector("good", true), vector("bad", false)],
    toleranceMs: sender.toleranceMs,
    ...(sender.key !== undefined && { keys: { "key-1": sender.key } }),
    ...(!sender.covers.body && { isBodySigned: false }),
    ...over,
  };
  const changed: Partial<WebhookDriver> = { verify };
  return subject({
    driver: { webhook: { ...acme.webhook, ...changed } },
    fixtures: { webhook: { ...webhook, ...fixtures } },
  });
}

const takesAll: KeyedVerifier = () => ({ ok: true });
const problemsOf = (planted: Subject) =>
  ["published signatures come out as published", "forgeries are refused", "strangers are refused"].flatMap(
    (name) => checks[name]?.(planted) ?? [`there is no check "${name}"`],
  );

describe("a partner keeps the contract whose webhooks come", () => {
  test.each<[string, string, Verification]>([
    ["under published keys, without a secret", "plaid-es256", plaidWebhooks],
    ["under published keys, for an audience", "google-pub-sub", googlePubSubWebhooks],
    ["with a token of ours", "own-token", ownTokenWebhooks("booking")],
    ["with the channel's token", "google-channel-token", tokenHeader("x-goog-channel-token")],
  ])("%s", (_what, scheme, verify) => {
    expect(problemsOf(withScheme(scheme, verify))).toEqual([]);
  });
});

describe("a fault is named", () => {
  test.each<[string, RegExp, () => Subject]>([
    [
      "what is let in without any key",
      /while no key is known/,
      () => withScheme("plaid-es256", { ...plaidWebhooks, verify: takesAll }),
    ],
    [
      "a scheme that is configured with nothing",
      /neither a secret nor a published key/,
      () => withScheme("plaid-es256", plaidWebhooks, { keys: undefined }),
    ],
    [
      "a token that is said to sign the body",
      /with one byte changed/,
      () => withScheme("own-token", ownTokenWebhooks("booking"), { isBodySigned: undefined }),
    ],
    [
      "a signed body that is said not to be",
      /which is not signed/,
      () => withScheme("plaid-es256", plaidWebhooks, { isBodySigned: false }),
    ],
  ])("%s", (_what, says, planted) => {
    expect(problemsOf(planted()).join("\n")).toMatch(says);
  });
});
