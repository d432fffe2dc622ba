import { rejected } from "./verifier.ts";
import type { Rejection, SignedRequest } from "./verifier.ts";

/** No scheme's header is longer, but for tokens; what is longer costs no work. */
const headerCharsMax = 4096;

/** Headers by name, in the order asked for; a rejection when one is missing, empty or too long. */
export function readHeaders<const Names extends readonly string[]>(
  request: SignedRequest,
  names: Names,
  charsMax = headerCharsMax,
): { readonly ok: true; readonly values: { readonly [Index in keyof Names]: string } } | Rejection {
  const values = names.map((name) => request.headers[name] ?? "");
  if (values.some((value) => value.length === 0)) return rejected("missing-header");
  if (values.some((value) => value.length > charsMax)) return rejected("malformed-header");
  // One value a name, which the type of `map` does not say.
  return { ok: true, values: values as { readonly [Index in keyof Names]: string } };
}

/** Whole seconds or milliseconds since 1970 as digits; null for anything else. */
export function digitsMs(text: string, unit: "seconds" | "milliseconds"): number | null {
  if (!/^\d{1,15}$/.test(text)) return null;
  if (unit === "milliseconds") return Number(text);
  return text.length <= 12 ? Number(text) * 1000 : null;
}
