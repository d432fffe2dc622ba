import { parse } from "node:querystring";
import { verify as verifyGithub } from "@octokit/webhooks-methods";
import { Webhook } from "standardwebhooks";
import { Stripe } from "stripe";
import { validateRequest, validateRequestWithBody } from "twilio/lib/webhooks/webhooks.js";
import type { Post } from "./post.ts";

/**
 * What the vendors' own packages say where there are any: what we take they must take too. They look at their own clock, or
 * at none, so of time they are asked nothing.
 */
export const vendors: Readonly<Record<string, (post: Post) => boolean | Promise<boolean>>> = {
  "stripe-v1": ({ headers, rawBody, secrets }) =>
    secrets.some((secret) =>
      holds(() => Stripe.webhooks.signature?.verifyHeader(text(rawBody), stripeHeader(headers), secret, 0) === true),
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
  async "github-sha256"({ headers, rawBody, secrets }) {
    const signature = headers["x-hub-signature-256"] ?? "";
    // The package throws where there is nothing to compare.
    if (signature === "") return false;
    for (const secret of secrets.filter((one) => one !== ""))
      if (await verifyGithub(secret, text(rawBody), signature)) return true;
    return false;
  },
  "twilio-form": ({ headers, rawBody, secrets, url }) =>
    secrets.some((secret) =>
      holds(() => validateRequest(secret, headers["x-twilio-signature"] ?? "", sentUrl(url), parse(text(rawBody)))),
    ),
  "twilio-body-sha256": ({ headers, rawBody, secrets, url }) =>
    secrets.some((secret) =>
      holds(() => validateRequestWithBody(secret, headers["x-twilio-signature"] ?? "", sentUrl(url), text(rawBody))),
    ),
};

/** The package throws at a `v1` that has no value, which proves nothing and takes nothing from the others. */
function stripeHeader(headers: Post["headers"]): string {
  const items = (headers["stripe-signature"] ?? "").split(",");
  return items.filter((item) => item !== "v1" && item !== "v1=").join(",");
}

/** No client sends a fragment, and Twilio's package does not expect one. */
function sentUrl(url: string): string {
  return url.split("#")[0] ?? "";
}

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
