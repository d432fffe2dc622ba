import type { SignedRequest, Verdict, Verifier } from "./verifier.ts";

/** Fetches one published key by the partner's id for it; null when the partner has none of that id. */
export type KeySource = (id: string) => Promise<string | null>;

export interface KeyCacheOptions {
  readonly source: KeySource;
  readonly clock: { nowMs(): number };
  /** How long a key serves before it is fetched again, in milliseconds; an hour unless said otherwise. */
  readonly keyMsMax?: number;
  /** How long an id that the partner did not know is not asked for again; ten minutes unless said otherwise. */
  readonly absentMsMax?: number;
  readonly entriesMax?: number;
  /** Fetches a minute at most, whoever asks: strangers choose the ids. */
  readonly fetchesPerMinute?: number;
}

interface Entry {
  readonly text: string | null;
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
  readonly #absent = new Map<string, Entry>();
  readonly #underWay = new Map<string, Promise<void>>();
  #fetchedAtMs: readonly number[] = [];

  constructor(options: KeyCacheOptions) {
    this.#options = { keyMsMax: 3_600_000, absentMsMax: 600_000, entriesMax: 64, fetchesPerMinute: 12, ...options };
  }

  /** What is known now; null for what is not. */
  find(id: string): string | null {
    const entry = this.#keys.get(id);
    return entry !== undefined && this.#options.clock.nowMs() < entry.untilMs ? entry.text : null;
  }

  /**
   * Fetches a key that is not known, unless the partner did not know it lately or too many were fetched within a minute.
   *
   * @throws what the source throws: the key's fate is then unknown, and the request should be answered so that it comes again.
   */
  async load(id: string): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    if (this.find(id) !== null || nowMs < (this.#absent.get(id)?.untilMs ?? 0)) return;
    const already = this.#underWay.get(id);
    if (already !== undefined) return already;
    this.#fetchedAtMs = this.#fetchedAtMs.filter((atMs) => nowMs - atMs < 60_000);
    if (this.#fetchedAtMs.length >= this.#options.fetchesPerMinute) return;
    this.#fetchedAtMs = [...this.#fetchedAtMs, nowMs];
    const fetching = this.#fetch(id).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, fetching);
    return fetching;
  }

  async #fetch(id: string): Promise<void> {
    const { source, clock, keyMsMax, absentMsMax, entriesMax } = this.#options;
    const text = await source(id);
    const kept = text === null ? this.#absent : this.#keys;
    kept.delete(id);
    kept.set(id, { text, untilMs: clock.nowMs() + (text === null ? absentMsMax : keyMsMax) });
    // The oldest goes first: a map keeps the order in which things came.
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - entriesMax))) kept.delete(oldest);
  }
}

/** Verifies, and fetches a key that the scheme asks for once. Everything that needs no key is judged before one is fetched. */
export async function verifyWithKeys(verify: Verifier, request: SignedRequest, keys: KeyCache): Promise<Verdict> {
  const known = { ...request, keys: (id: string) => keys.find(id) };
  const verdict = verify(known);
  if (verdict.ok || verdict.reason !== "unknown-key") return verdict;
  await keys.load(verdict.wanted);
  return verify(known);
}
