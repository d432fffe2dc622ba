/**
 * Structured fields (https://www.rfc-editor.org/rfc/rfc9651#section-4.2): lists and dictionaries, whole or not at all. An
 * item by itself is a list of one.
 *
 * Ours and not a package: `structured-headers` 2.1.0 reads the published cases as well, but reports by throwing and adds 7 KB
 * to every function for types and a serialiser that no hint needs. This file never throws and is linear in the text.
 */
export function parseList(text: string): readonly Member[] | null {
  const members: Member[] = [];
  const read = eachMember(text, (cursor) => {
    const member = takeMember(cursor);
    if (member !== null) members.push(member);
    return member !== null;
  });
  return read ? members : null;
}

/**
 * A key that comes twice has its last value, in its first place.
 *
 * @example
 * parseDictionary("limit=100, remaining=5")?.get("remaining");
 */
export function parseDictionary(text: string): ReadonlyMap<string, Member> | null {
  const members = new Map<string, Member>();
  const read = eachMember(text, (cursor) => {
    const key = take(cursor, keyForm);
    if (key === null) return false;
    const member = take(cursor, /=/y) === null ? flag(cursor) : takeMember(cursor);
    if (member !== null) members.set(key, member);
    return member !== null;
  });
  return read ? members : null;
}

export type Member = Item | InnerList;

export interface Item {
  readonly kind: "item";
  readonly value: BareItem;
  readonly parameters: Parameters;
}

export interface InnerList {
  readonly kind: "inner-list";
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}

export type Parameters = ReadonlyMap<string, BareItem>;

export type BareItem =
  | { readonly kind: "integer" | "decimal"; readonly value: number }
  | { readonly kind: "string" | "token" | "display-string"; readonly value: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  /** As it was sent, not decoded. */
  | { readonly kind: "bytes"; readonly base64: string }
  | { readonly kind: "date"; readonly epochSeconds: number };

interface Cursor {
  readonly text: string;
  at: number;
}

const keyForm = /[a-z*][a-z0-9_.*-]*/y;

/** What is at the cursor in this form, and the cursor behind it; the forms are sticky. */
function take(cursor: Cursor, form: RegExp): string | null {
  form.lastIndex = cursor.at;
  const found = form.exec(cursor.text)?.[0];
  if (found === undefined) return null;
  cursor.at += found.length;
  return found;
}

function eachMember(text: string, takeOne: (cursor: Cursor) => boolean): boolean {
  const cursor = { text: withoutSpacesBehind(text), at: 0 };
  take(cursor, / */y);
  if (cursor.at === cursor.text.length) return true;
  while (takeOne(cursor)) {
    if (cursor.at === cursor.text.length) return true;
    if (take(cursor, /[ \t]*,[ \t]*/y) === null) return false;
  }
  return false;
}

/** `/ +$/` would look at each of a run of spaces again from each of them. */
function withoutSpacesBehind(text: string): string {
  let end = text.length;
  while (text[end - 1] === " ") end -= 1;
  return text.slice(0, end);
}

function takeMember(cursor: Cursor): Member | null {
  if (take(cursor, /\( */y) === null) return takeItem(cursor);
  const items: Item[] = [];
  while (take(cursor, /\)/y) === null) {
    const item = takeItem(cursor);
    // Between items is a space; behind the last one there may be some.
    if (item === null || (take(cursor, / +/y) === null && cursor.text[cursor.at] !== ")")) return null;
    items.push(item);
  }
  const parameters = takeParameters(cursor);
  return parameters === null ? null : { kind: "inner-list", items, parameters };
}

function takeItem(cursor: Cursor): Item | null {
  const value = takeBareItem(cursor);
  const parameters = value === null ? null : takeParameters(cursor);
  return value === null || parameters === null ? null : { kind: "item", value, parameters };
}

function flag(cursor: Cursor): Item | null {
  const parameters = takeParameters(cursor);
  return parameters === null ? null : { kind: "item", value: { kind: "boolean", value: true }, parameters };
}

function takeParameters(cursor: Cursor): Parameters | null {
  const parameters = new Map<string, BareItem>();
  while (take(cursor, /; */y) !== null) {
    const key = take(cursor, keyForm);
    if (key === null) return null;
    const value = take(cursor, /=/y) === null ? ({ kind: "boolean", value: true } as const) : takeBareItem(cursor);
    if (value === null) return null;
    parameters.set(key, value);
  }
  return parameters;
}

/** One form a kind, no two of which begin alike but the numbers; where one ends too early, what follows it fits nothing. */
const bareForms: readonly (readonly [RegExp, (found: string) => BareItem | null])[] = [
  [/-?\d{1,12}\.\d{1,3}/y, (found) => ({ kind: "decimal", value: numberOf(found) })],
  [/-?\d{1,15}/y, (found) => ({ kind: "integer", value: numberOf(found) })],
  [/"(?:[ !#-[\]-~]|\\["\\])*"/y, (found) => ({ kind: "string", value: found.slice(1, -1).replace(/\\(.)/g, "$1") })],
  [/[A-Za-z*][\w!#$%&'*+.^`|~:/-]*/y, (found) => ({ kind: "token", value: found })],
  [/:[A-Za-z0-9+/]*={0,2}:/y, (found) => ({ kind: "bytes", base64: found.slice(1, -1) })],
  [/\?[01]/y, (found) => ({ kind: "boolean", value: found === "?1" })],
  [/@-?\d{1,15}/y, (found) => ({ kind: "date", epochSeconds: numberOf(found.slice(1)) })],
  [/%"(?:[ !#$&-~]|%[0-9a-f]{2})*"/y, (found) => displayString(found.slice(2, -1))],
];

function takeBareItem(cursor: Cursor): BareItem | null {
  for (const [form, read] of bareForms) {
    const found = take(cursor, form);
    if (found !== null) return read(found);
  }
  return null;
}

/** Without a negative zero, which equals zero and prints otherwise. */
function numberOf(digits: string): number {
  return Number(digits) + 0;
}

function displayString(encoded: string): BareItem | null {
  try {
    return { kind: "display-string", value: decodeURIComponent(encoded) };
  } catch {
    // Not UTF-8.
    return null;
  }
}
