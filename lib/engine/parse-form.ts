/** A field that came several times is a list of its values, in their order. */
export type FormFields = Readonly<Record<string, string | readonly string[]>>;

export type ParsedForm =
  | { readonly kind: "form"; readonly fields: FormFields }
  | { readonly kind: "unreadable"; readonly reason: "not UTF-8" | "a broken escape" | "too many fields" };

/** More than any partner sends; Twilio's longest has some dozens. */
const fieldsMax = 1_000;

/**
 * Reads `application/x-www-form-urlencoded` (https://url.spec.whatwg.org/#urlencoded-parsing) and, unlike browsers, takes
 * no escape that is none: what is not understood is not half understood.
 *
 * @example
 * parseForm(new TextEncoder().encode("From=%2B15005550006&Body=a+b")); // fields: { From: "+15005550006", Body: "a b" }
 */
export function parseForm(bytes: Uint8Array): ParsedForm {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { kind: "unreadable", reason: "not UTF-8" };
  }
  const pairs = text.split("&", fieldsMax + 1).filter((pair) => pair !== "");
  if (pairs.length > fieldsMax) return { kind: "unreadable", reason: "too many fields" };
  const fields = new Map<string, string[]>();
  try {
    for (const pair of pairs) {
      const equals = pair.indexOf("=");
      const name = plain(equals === -1 ? pair : pair.slice(0, equals));
      const values = fields.get(name) ?? [];
      values.push(equals === -1 ? "" : plain(pair.slice(equals + 1)));
      fields.set(name, values);
    }
  } catch {
    return { kind: "unreadable", reason: "a broken escape" };
  }
  const entries = [...fields].map(
    ([name, values]) => [name, values.length === 1 ? (values[0] ?? "") : values] as const,
  );
  return { kind: "form", fields: Object.fromEntries(entries) };
}

/** @throws URIError */
function plain(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}
