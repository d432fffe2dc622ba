import type { JournalEntry, SavedAnswer } from "./journal-entry.ts";
import type { JournalListener } from "./journal.ts";

export type KeyState =
  | { readonly kind: "fresh" }
  | { readonly kind: "inFlight" }
  | { readonly kind: "mismatch" }
  | { readonly kind: "answered"; readonly status: number; readonly body: unknown };

const KEYS_MAX = 100_000;

/** First answers by account and idempotency key; a key is in flight from `begin` to the release that `begin` hands out. */
export class IdempotencyKeys implements JournalListener {
  readonly #saved = new Map<string, SavedAnswer & { atMs: number }>();
  readonly #inFlight = new Set<string>();
  readonly #keepMs: number;

  constructor(keepMs = 24 * 3_600_000) {
    this.#keepMs = keepMs;
  }

  apply(entry: JournalEntry): void {
    if (entry.kind !== "change" || entry.saved === null) return;
    this.#saved.set(`${entry.account} ${entry.saved.key}`, { ...entry.saved, atMs: entry.atMs });
    if (this.#saved.size <= KEYS_MAX) return;
    for (const oldest of this.#saved.keys()) {
      this.#saved.delete(oldest);
      return;
    }
  }

  look(account: string, key: string, fingerprint: string, nowMs: number): KeyState {
    const name = `${account} ${key}`;
    if (this.#inFlight.has(name)) return { kind: "inFlight" };
    const saved = this.#saved.get(name);
    if (saved === undefined || saved.atMs + this.#keepMs < nowMs) return { kind: "fresh" };
    if (saved.fingerprint !== fingerprint) return { kind: "mismatch" };
    return { kind: "answered", status: saved.status, body: saved.body };
  }

  /** Marks the key as in flight until the answer to `release` is called. */
  begin(account: string, key: string): () => void {
    const name = `${account} ${key}`;
    this.#inFlight.add(name);
    return () => this.#inFlight.delete(name);
  }
}
