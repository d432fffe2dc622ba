export type Pair = readonly [name: string, value: string];

/** A form or a query taken apart by hand, as the URL standard's parser for forms has it. */
export function pairsOf(text: string): readonly Pair[] {
  return text
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const at = part.indexOf("=");
      return at === -1 ? [decoded(part), ""] : [decoded(part.slice(0, at)), decoded(part.slice(at + 1))];
    });
}

/** What stands between the first question mark and the fragment. */
export function queryOf(url: string): string {
  const at = url.indexOf("?");
  if (at === -1) return "";
  const query = url.slice(at + 1);
  const hash = query.indexOf("#");
  // A second question mark at the start is passed over, as parsers of queries do.
  return (hash === -1 ? query : query.slice(0, hash)).replace(/^\?+/, "");
}

/** Percent-decoded to bytes, and these read as UTF-8 with replacements. */
function decoded(text: string): string {
  const source = new TextEncoder().encode(text);
  const bytes: number[] = [];
  for (let at = 0; at < source.length; at++) {
    const digits = String.fromCharCode(source[at + 1] ?? 0, source[at + 2] ?? 0);
    if (source[at] === 0x25 && /^[0-9a-f]{2}$/i.test(digits)) {
      bytes.push(Number.parseInt(digits, 16));
      at += 2;
    } else bytes.push(source[at] === 0x2b ? 0x20 : (source[at] ?? 0));
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
}

/** As forms are written, but with %20 for a space. */
export function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()~]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The one value of a name; null when there is none, or two. */
export function single(pairs: readonly Pair[], name: string): string | null {
  const values = pairs.filter((pair) => pair[0] === name).map((pair) => pair[1]);
  return values.length === 1 ? (values[0] ?? null) : null;
}

/** By code units. */
export function ordered(texts: Iterable<string>): string[] {
  // The default order of sort is that of code units.
  return [...texts].toSorted();
}
