import { fingerprintOf } from "../fingerprint.ts";

/** What a partner tells of an event in a header is an id, a state or an address. */
export const keptHeaderCharsMax = 2_000;
const namesMax = 20;

export type KeptHeaders = Readonly<Record<string, string>>;

/** The headers that the driver keeps of a request, and no other; null when one of them is longer than any fact is. */
export function keptHeadersOf(names: readonly string[], headers: Readonly<Record<string, string>>): KeptHeaders | null {
  const entries = names.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return entries.some(([, value]) => value.length > keptHeaderCharsMax) ? null : Object.fromEntries(entries);
}

/** One name for a body and the facts beside it: the same post has the same name. */
export function contentIdWith(bodyId: string, kept: KeptHeaders): string {
  const entries = Object.entries(kept).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return entries.length === 0 ? bodyId : fingerprintOf([bodyId, ...entries.flat()]);
}

/** What is sent here to prove itself is a secret, and never in a message. */
const secretNames: readonly string[] = [
  "authorization",
  "cookie",
  "x-goog-channel-token",
  "x-telegram-bot-api-secret-token",
];

/** Throws a RangeError where a driver keeps headers that are none, hold a secret, or are more than a job has room for. */
export function checkKeptHeaders(partner: string, names: readonly string[]): void {
  if (names.length > namesMax)
    throw new RangeError(`${partner}: keepHeaders names ${names.length}, more than ${namesMax}`);
  const strange = names.find((name) => !/^[a-z0-9-]{1,80}$/.test(name));
  if (strange !== undefined)
    throw new RangeError(`${partner}: keepHeaders names "${strange}", which is no header in lower case`);
  const secret = names.find((name) => secretNames.includes(name));
  if (secret !== undefined) throw new RangeError(`${partner}: keepHeaders names "${secret}", which holds a secret`);
}
