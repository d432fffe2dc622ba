import type { KeyedVerdict, KeyedVerifier, SignedRequest } from "./verifier.ts";

/** Fetches a published key by the partner's id for it, and whatever others the same answer holds; without it, there is none of that id. */
export type KeySource = (id: string) => Promise<ReadonlyMap<string, string>>;

export interface KeyCacheOptions {
  readonly source: KeySource;
  readonly clock: { nowMs(): number };
  /** How long a key serves before it is fetched again, in milliseconds; an hour unless said otherwise. */
  readonly keyMsMax?: number;
  /** How long an id that the partner did not know is not asked for again; ten minutes unless said otherwise. */
  readonly absentMsMax?: number;
  readonly entriesMax?: number;
  /**
   * Fetches a minute at most of ids that no key is known by: strangers choose them. Keys that are known are fetched again
   * out of an allowance of the same size, so that no flood of strangers' ids lets them run out.
   */
  readonly fetchesPerMinute?: number;
}

interface Entry {
  readonly text: string;
  readonly untilMs: number;
}

/**
 * Published keys, kept within bounds of time and number. An id is fetched once however many ask at a time; an id that the partner
 * does not know is remembered apart, so that strangers' ids push no real key out; and fetches a minute are bounded.
 *
 * @example
 * const keys = new KeyCache({ source: (kid) => fetchPlaidKey(kid), clock });
 * const verdict = await verifyWithKeys(plaidSignature, request, keys);
 */
export class KeyCache {
  readonly #options: Required<KeyCacheOptions>;
  readonly #keys = new Map<string, Entry>();
  readonly #absentUntilMs = new Map<string, number>();
  readonly #underWay = new Map<string, Promise<void>>();
  #strangeAtMs: readonly number[] = [];
  #renewedAtMs: readonly number[] = [];

  constructor(options: KeyCacheOptions) {
    this.#options = { keyMsMax: 3_600_000, absentMsMax: 600_000, entriesMax: 64, fetchesPerMinute: 12, ...options };
  }

  /** What is known now; null for what is not. */
  find(id: string): string | null {
    const entry = this.#keys.get(id);
    return entry !== undefined && this.#options.clock.nowMs() < entry.untilMs ? entry.text : null;
  }

  /**
   * Fetches a key that is not known, unless the partner did not know it lately. What was asked lately is settled; what is
   * put off was not asked, since too many were within a minute: whether there is such a key is then unknown.
   *
   * @throws what the source throws: the key's fate is then unknown, and the request should be answered so that it comes again.
   */
  async load(id: string): Promise<"settled" | "put-off"> {
    const nowMs = this.#options.clock.nowMs();
    if (this.find(id) !== null || nowMs < (this.#absentUntilMs.get(id) ?? 0)) return "settled";
    const already = this.#underWay.get(id);
    if (already === undefined && !this.#mayFetch(id, nowMs)) return "put-off";
    const fetching = already ?? this.#fetch(id).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, fetching);
    await fetching;
    return "settled";
  }

  #mayFetch(id: string, nowMs: number): boolean {
    const isKnown = this.#keys.has(id);
    const lately = (isKnown ? this.#renewedAtMs : this.#strangeAtMs).filter((atMs) => nowMs - atMs < 60_000);
    const may = lately.length < this.#options.fetchesPerMinute;
    const counted = may ? [...lately, nowMs] : lately;
    if (isKnown) this.#renewedAtMs = counted;
    else this.#strangeAtMs = counted;
    return may;
  }

  async #fetch(id: string): Promise<void> {
    const { source, clock, keyMsMax, absentMsMax, entriesMax } = this.#options;
    const found = await source(id);
    const nowMs = clock.nowMs();
    for (const [each, text] of found) keep(this.#keys, each, { text, untilMs: nowMs + keyMsMax }, entriesMax);
    if (!found.has(id)) keep(this.#absentUntilMs, id, nowMs + absentMsMax, entriesMax);
  }
}

/** The oldest goes first: a map keeps the order in which things came. */
function keep<Value>(kept: Map<string, Value>, id: string, value: Value, entriesMax: number): void {
  kept.delete(id);
  kept.set(id, value);
  for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - entriesMax))) kept.delete(oldest);
}

/** The request names a key that nobody may ask for just now: it should come again. */
export interface KeyPutOff {
  readonly ok: false;
  readonly reason: "key-put-off";
}

/** Verifies, and fetches a key that the scheme asks for once. Everything that needs no key is judged before one is fetched. */
export async function verifyWithKeys(
  verify: KeyedVerifier,
  request: SignedRequest,
  keys: KeyCache,
): Promise<KeyedVerdict | KeyPutOff> {
  const known = { ...request, keys: (id: string) => keys.find(id) };
  const verdict = verify(known);
  if (verdict.ok || verdict.reason !== "unknown-key") return verdict;
  if ((await keys.load(verdict.wanted)) === "put-off") return { ok: false, reason: "key-put-off" };
  return verify(known);
}
