import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

/**
 * The one text of a JSON value (RFC 8785), whatever order its keys came in.
 *
 * @throws TypeError when the value is no JSON: undefined at the top, NaN, an infinity, half a character, a circle.
 * @example
 * canonicalJson({ b: 1, a: [] }); // '{"a":[],"b":1}'
 */
export function canonicalJson(value: unknown): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (error) {
    throw new TypeError("no canonical form: the value is not JSON", { cause: error });
  }
  if (text === undefined) throw new TypeError("no canonical form: the value is not JSON");
  return text;
}

/** SHA-256 of the canonical form, base64url: equal exactly when the values are equal as JSON. */
export function digestOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value), "utf8").digest("base64url");
}
