import { createHmac } from "node:crypto";
import { senders } from "../../engine/signatures/senders.ts";
import type { Sender } from "../../engine/signatures/senders.ts";
import { mutate } from "../webhook/mutate.ts";
import type { Post } from "../webhook/post.ts";
import type { Random } from "../webhook/random.ts";
import { carried } from "./raw-post.ts";

/** One door of the fuzz: the partner, and who signs for it. */
export interface Door {
  readonly partner: string;
  readonly scheme: string;
  readonly sender: Sender;
  /** As the partner was given it, path and query. */
  readonly path: string;
}

const host = "https://hooks.example.com";

export const doors: readonly Door[] = [
  doorOf("stripe", "stripe-v1"),
  doorOf("standard", "standard-webhooks-v1"),
  doorOf("square", "square-hmacsha256", "?b=2&a=one%20two"),
  doorOf("slack", "slack-v0"),
  doorOf("xero", "xero"),
  doorOf("google", "google-channel-token"),
  doorOf("booking", "own-token"),
  doorOf("plaid", "plaid-es256"),
];

function doorOf(partner: string, scheme: string, query = ""): Door {
  const sender = senders.find((each) => each.scheme === scheme);
  if (sender === undefined) throw new Error(`nobody signs "${scheme}"`);
  return { partner, scheme, sender, path: `/webhooks/${partner}${query}` };
}

/** What the partner would send at this moment, and what somebody made of it, as it arrives over HTTP. */
export function postOf(door: Door, random: Random, nowMs: number): { readonly whole: Post; readonly sent: Post } {
  const whole = wholePost(door, random.pick(bodies)(random), random, nowMs);
  const lender = random.pick(doors);
  const changed = mutate(whole, wholePost(lender, random.pick(bodies)(random), random, nowMs), random);
  // What is configured at the door is not the sender's to change; a URL that leads elsewhere is another door's.
  const { method, url, secrets, key, parameters } = whole;
  const headers = Object.fromEntries(Object.entries(changed.headers).map(([name, value]) => [name, carried(value)]));
  return { whole, sent: { ...changed, method, url, secrets, key, parameters, nowMs, headers } };
}

export function wholePost(door: Door, rawBody: Uint8Array, random: Random, nowMs: number): Post {
  const { sender, scheme, path } = door;
  const sent = sender.send(rawBody, nowMs, sender.secret);
  const url = `${host}${path}`;
  const own: Record<string, string> =
    scheme === "square-hmacsha256"
      ? { "x-square-hmacsha256-signature": signedWithUrl(sender.secret, url, rawBody) }
      : { ...sent.headers };
  if (scheme === "google-channel-token") own["x-goog-message-number"] = String(random.below(1e9));
  return {
    scheme,
    headers: own,
    rawBody,
    url,
    method: "POST",
    secrets: [sender.secret],
    nowMs,
    key: sender.key ?? null,
    parameters: sender.parameters ?? {},
    history: [`sent by "${scheme}"`],
  };
}

/** Square's text is its URL and the body, and the sender of the verifiers' tests has a URL of its own. */
function signedWithUrl(secret: string, url: string, body: Uint8Array): string {
  return createHmac("sha256", secret).update(url).update(body).digest("base64");
}

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const bodies: readonly ((random: Random) => Uint8Array)[] = [
  (random) => json({ id: random.below(1e9), name: random.text(20), nested: [{}] }),
  (random) => json({ id: random.below(1e9), padding: "x".repeat(random.below(3_000)) }),
  (random) => random.bytes(random.below(200)),
  () => new Uint8Array(),
  (random) => json({ type: "url_verification", challenge: `word-${random.below(1e9)}` }),
  () => json({ events: [], firstEventSequence: 0, lastEventSequence: 0, entropy: "entropy" }),
];
