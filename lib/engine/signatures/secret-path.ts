import { anySameSecret } from "./hmac.ts";
import { rejected } from "./verifier.ts";
import type { Verifier } from "./verifier.ts";

/** A shorter word in a path can be guessed. */
const secretCharsMin = 24;
const segmentCharsMax = 512;

/**
 * For partners that sign nothing: the last segment of the URL's path is the secret, at `/webhooks/acme/<word>` for all connections
 * and at `/webhooks/acme/<connection id>/<word>` for one. It proves little, as URLs end up in others'
 * logs: what the body speaks of is fetched back, and the path never reaches a log of ours.
 */
export const secretPath: Verifier = ({ url, secrets }) => {
  const words = secrets.filter((secret) => secret.length >= secretCharsMin);
  if (words.length === 0) return rejected("no-secret");
  const path = /^(?:https?:\/\/[^/?#]*)?(\/[^?#]*)/i.exec(url)?.[1] ?? "";
  const segment = path.slice(path.lastIndexOf("/") + 1);
  if (segment === "") return rejected("missing-header");
  if (segment.length > segmentCharsMax) return rejected("malformed-header");
  return anySameSecret(words, segment) ? { ok: true } : rejected("mismatch");
};
