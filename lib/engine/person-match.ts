/**
 * Whether a value is an address or number: `+49 (30) 1234` and `+49301234` are one, and an address has no case that anybody
 * tells apart. A number of JSON's holds no plus, and one of few digits is an amount.
 */
export function samePerson(value: string | number, wanted: string): boolean {
  const sought = plain(wanted);
  if (typeof value === "string") return plain(value) === sought;
  return String(value).length >= digitsMin && isNumber(sought) && String(value) === sought.replace("+", "");
}

/**
 * Whether a text, in whatever form it came, names somebody: has the address, number or id in it and not as a part of a
 * longer one. JSON, a form's fields, and what was cut off in the middle of either are read alike.
 */
export function mentions(text: string, wanted: string): boolean {
  const sought = plain(wanted);
  return readingsOf(text).some((reading) => (isNumber(sought) ? hasNumber(reading, sought) : hasWord(reading, sought)));
}

/** Shorter ones are amounts, days and counts. */
const digitsMin = 7;

function plain(text: string): string {
  const bare = text.normalize("NFC").trim().toLowerCase();
  return isNumber(bare) ? bare.replaceAll(/[^\d+]/g, "") : bare;
}

function isNumber(text: string): boolean {
  return /^[+(]?[\d\s()./-]{5,}$/.test(text);
}

/** As it is, with JSON's escapes undone, and as a form's fields are sent. */
function readingsOf(text: string): readonly string[] {
  const unescaped = withoutEscapes(text);
  const form = /[%+]/.test(unescaped) ? withoutEscapes(withoutForm(unescaped)) : unescaped;
  return [...new Set([text, unescaped, form].map((reading) => reading.normalize("NFC").toLowerCase()))];
}

/**
 * However often one JSON was put into another. A line's end is no letter of what follows it. Each run of backslashes is looked
 * at from its start alone: a payload of nothing else would take hours.
 */
function withoutEscapes(text: string): string {
  if (!text.includes("\\")) return text;
  return text
    .replaceAll(/(?<!\\)\\+u([\da-f]{4})/gi, (_all, code: string) => String.fromCharCode(parseInt(code, 16)))
    .replaceAll(/(?<!\\)\\+[nrtbf]/g, " ")
    .replaceAll(/(?<!\\)\\+\//g, "/");
}

/** In a form's fields a plus is a space; anywhere else it may be an address's own. */
function withoutForm(text: string): string {
  return text
    .replaceAll(/[^\s"<>{}\\]+/g, (word) => (word.includes("=") ? word.replaceAll("+", " ") : word))
    .replaceAll(/(?:%[\da-f]{2})+/gi, decodePercent);
}

function decodePercent(encoded: string): string {
  return Buffer.from(encoded.replaceAll("%", ""), "hex").toString("utf8");
}

/** As people write them, and not a part of an id, nor the year and month of a time. */
const numbers = /(?<![a-z\d_])\+?\(?\d[\d\s()./-]{3,40}(?![a-z\d_]|[./-]\d)/g;
/** So many digits, or a plus, are found beside others too: what is shorter could be half of a date. */
const ownDigitsMin = 9;

function hasNumber(text: string, wanted: string): boolean {
  for (const [run] of text.matchAll(numbers)) if (plain(run) === wanted) return true;
  const digits = wanted.replace("+", "");
  const isLong = wanted.startsWith("+") || digits.length >= ownDigitsMin;
  if (isLong && besideOthers(wanted, digits).test(text)) return true;
  return digits.length >= digitsMin && inJson(digits).test(text);
}

function besideOthers(wanted: string, digits: string): RegExp {
  const written = digits.split("").join(String.raw`[\s()./-]{0,3}`);
  const start = wanted.startsWith("+") ? String.raw`\+\(?` : String.raw`(?<![a-z\d_+])\(?`;
  return new RegExp(`${start}${written}(?![a-z\\d_])`);
}

/** As a number of JSON's own, which holds no plus. */
function inJson(digits: string): RegExp {
  return new RegExp(String.raw`[:,[]\s{0,9}${digits}\s{0,9}[,}\]]`);
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
