export type ParsedJson =
  | { readonly kind: "json"; readonly body: unknown }
  | { readonly kind: "empty" }
  | { readonly kind: "unreadable"; readonly text: string };

/** A table's item nests at most 32 deep, and what a partner sent ends up a few levels inside one. */
export const jsonDepthMax = 28;

/**
 * Reads bytes from outside as JSON: UTF-8 without errors, nested at most 28 deep. Halves of characters, as partners make
 * them when they cut a text, become U+FFFD: neither a digest nor a table takes them.
 *
 * @example
 * const parsed = parseJson(answer.body);
 * if (parsed.kind === "json") use(parsed.body);
 */
export function parseJson(bytes: Uint8Array): ParsedJson {
  if (bytes.byteLength === 0) return { kind: "empty" };
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (!nestsWithin(text, jsonDepthMax)) return { kind: "unreadable", text };
    // A reviver makes parsing several times slower, so only texts that can need it get it.
    const escapesSurrogate = /\\u[dD][89a-fA-F]/.test(text);
    return { kind: "json", body: escapesSurrogate ? JSON.parse(text, wellFormed) : JSON.parse(text) };
  } catch {
    return { kind: "unreadable", text: new TextDecoder().decode(bytes) };
  }
}

function wellFormed(_key: string, value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (Object.keys(value).every((key) => key.isWellFormed())) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key.toWellFormed(), member]));
}

const quote = 0x22;
const backslash = 0x5c;

/** Looks at brackets outside of strings alone: whether the rest is JSON, the parser says. */
function nestsWithin(text: string, depthMax: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === backslash) index++;
      else if (code === quote) inString = false;
    } else if (code === quote) inString = true;
    else if (code === 0x5b || code === 0x7b) depth++;
    else if (code === 0x5d || code === 0x7d) depth--;
    if (depth > depthMax) return false;
  }
  return true;
}
