import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import type { Post } from "./post.ts";

/**
 * What the vendors' own packages say where there are any: what we take they must take too. They look at their own clock, or
 * at none, so of time they are asked nothing.
 */
export const vendors: Readonly<Record<string, (post: Post) => boolean>> = {
  "stripe-v1": ({ headers, rawBody, secrets }) =>
    secrets.some((secret) =>
      holds(
        () =>
          Stripe.webhooks.signature?.verifyHeader(text(rawBody), headers["stripe-signature"] ?? "", secret, 0) === true,
      ),
    ),
  "standard-webhooks-v1": ({ headers, rawBody, secrets }) => {
    const family = headers["svix-signature"] === undefined ? "webhook" : "svix";
    const [id = "", time = "", list = ""] = ["id", "timestamp", "signature"].map(
      (name) => headers[`${family}-${name}`],
    );
    const at = new Date(Number(time) * 1000);
    return secrets.some((secret) =>
      holds(() => list.split(" ").includes(new Webhook(secret).sign(id, at, text(rawBody)))),
    );
  },
};

/** The packages take texts, and Stripe's no empty one: other bodies are not theirs to judge. */
export function isText(rawBody: Uint8Array): boolean {
  return rawBody.length > 0 && Buffer.compare(Buffer.from(text(rawBody)), rawBody) === 0;
}

function text(rawBody: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(rawBody);
}

function holds(verify: () => boolean): boolean {
  try {
    return verify();
  } catch {
    return false;
  }
}
