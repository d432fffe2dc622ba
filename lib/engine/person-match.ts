/** Whether two texts are one address or number: `+49 (30) 1234` and `+49301234` are, and an address has no case that anybody tells apart. */
export function samePerson(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

/**
 * Whether a text, in whatever form it came, names somebody: has the address, number or id in it and not as a part of a
 * longer one. JSON, a form's fields, and what was cut off in the middle of either are read alike.
 */
export function mentions(text: string, wanted: string): boolean {
  const sought = plain(wanted);
  return readingsOf(text).some((reading) => (isNumber(sought) ? hasNumber(reading, sought) : hasWord(reading, sought)));
}

function plain(text: string): string {
  const bare = text.trim().toLowerCase();
  return isNumber(bare) ? bare.replaceAll(/[^\d+]/g, "") : bare;
}

function isNumber(text: string): boolean {
  return /^[+(]?[\d\s()./-]{5,}$/.test(text);
}

/** As it is, with JSON's escapes undone, and as a form's fields are sent. */
function readingsOf(text: string): readonly string[] {
  const lower = text.toLowerCase();
  const unescaped = lower.replaceAll(/\\+u([0-9a-f]{4})/g, (_all, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
  const form = lower.includes("%") ? lower.replaceAll(/(?:%[0-9a-f]{2})+/g, decodePercent) : lower;
  return [...new Set([lower, unescaped.replaceAll("\\/", "/"), form])];
}

function decodePercent(encoded: string): string {
  return Buffer.from(encoded.replaceAll("%", ""), "hex").toString("utf8").toLowerCase();
}

/** As people write them, and not a part of an id. */
const numbers = /(?<![a-z\d_])\+?\(?\d[\d\s()./-]{3,40}(?![a-z\d_])/g;

function hasNumber(text: string, wanted: string): boolean {
  for (const [run] of text.matchAll(numbers)) if (plain(run) === wanted) return true;
  return false;
}

/** What may stand inside an address or an id, so that more of it would be another. */
const inside = /[\p{L}\p{N}_+-]/u;

function hasWord(text: string, wanted: string): boolean {
  if (wanted === "") return false;
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    const before = text.charAt(at - 1);
    const after = text.charAt(at + wanted.length);
    const further = text.charAt(at + wanted.length + 1);
    // A dot ends a sentence, or goes on with another domain.
    const goesOn = inside.test(after) || (after === "." && inside.test(further));
    const isLater = inside.test(before) || before === "." || before === "@";
    if (!goesOn && !isLater) return true;
  }
  return false;
}
