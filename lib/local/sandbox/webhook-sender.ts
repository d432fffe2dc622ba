import * as z from "zod";
import type { SandboxClock } from "./clock.ts";
import type { Delivery, EntryOf, JournalEntry } from "./journal-entry.ts";
import type { JournalListener } from "./journal.ts";
import { postOnce } from "./post-once.ts";
import { changeOneByte, isForged } from "./webhook-tricks.ts";

/** What is signed: the vendor's own package makes the headers of it. */
export interface SignatureInput {
  readonly account: string;
  readonly endpoint: string;
  /** The same for every attempt and copy. */
  readonly eventId: string;
  readonly body: string;
  readonly atMs: number;
  /** A forger does not have the secret. */
  readonly secretIsWrong: boolean;
}
export type SignWebhook = (input: SignatureInput) => Readonly<Record<string, string>>;

/** The body of `POST /__sandbox/webhooks`. The vendors' own retries take days; a stand-in's must end while somebody watches. */
export const DeliverySettings = z.strictObject({
  attempts: z.int().min(1).max(50).default(8),
  firstRetryMs: z.number().min(1).max(3_600_000).default(500),
  retryMsMax: z.number().min(1).max(3_600_000).default(10_000),
  timeoutMs: z.number().min(1).max(600_000).default(10_000),
  parallel: z.int().min(1).max(256).default(8),
});
export type DeliverySettings = z.infer<typeof DeliverySettings>;

/** More than this many undelivered webhooks and changes are refused. */
export const PENDING_MAX = 100_000;
const STALE_MS = 3_600_000;

interface Pending {
  readonly delivery: Delivery;
  attempt: number;
  cancelTimer: (() => void) | null;
}

interface SenderParts {
  readonly clock: SandboxClock;
  readonly record: (entry: JournalEntry) => void;
}

/** Delivers webhooks as a vendor does: in parallel, in no promised order, again until somebody answers 2xx. */
export class WebhookSender implements JournalListener {
  readonly #parts: SenderParts;
  readonly #pending = new Map<string, Pending>();
  readonly #ready: Pending[] = [];
  readonly #closing = new AbortController();
  #settings: DeliverySettings = DeliverySettings.parse({});
  #sign: SignWebhook | null = null;
  #underWay = 0;

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  get settings(): DeliverySettings {
    return this.#settings;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  configure(settings: DeliverySettings): void {
    this.#settings = settings;
    this.#pump();
  }

  /** From here on webhooks go out, first those that an earlier life left undelivered. */
  start(sign: SignWebhook): void {
    this.#sign = sign;
    for (const pending of this.#pending.values()) this.#schedule(pending, pending.delivery.dueAtMs);
  }

  stop(): void {
    this.#closing.abort();
    for (const pending of this.#pending.values()) pending.cancelTimer?.();
  }

  apply(entry: JournalEntry): void {
    if (entry.kind === "change") for (const delivery of entry.deliveries) this.#take(delivery);
    if (entry.kind === "attempt") this.#countAttempt(entry);
    if (entry.kind === "result" && entry.final) this.#pending.delete(entry.delivery);
  }

  #take(delivery: Delivery): void {
    const pending: Pending = { delivery, attempt: 0, cancelTimer: null };
    this.#pending.set(delivery.id, pending);
    if (this.#sign !== null) this.#schedule(pending, delivery.dueAtMs);
  }

  #countAttempt(entry: EntryOf<"attempt">): void {
    const pending = this.#pending.get(entry.delivery);
    if (pending !== undefined) pending.attempt = entry.attempt;
  }

  #schedule(pending: Pending, dueAtMs: number): void {
    if (this.#closing.signal.aborted) return;
    pending.cancelTimer = this.#parts.clock.after(dueAtMs - this.#parts.clock.nowMs(), () => {
      pending.cancelTimer = null;
      this.#ready.push(pending);
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#underWay < this.#settings.parallel) {
      const next = this.#ready.shift();
      if (next === undefined) return;
      this.#underWay += 1;
      void this.#attempt(next).finally(() => {
        this.#underWay -= 1;
        this.#pump();
      });
    }
  }

  async #attempt(pending: Pending): Promise<void> {
    if (this.#closing.signal.aborted || this.#sign === null) return;
    const { delivery } = pending;
    const attempt = pending.attempt + 1;
    const atMs = this.#parts.clock.nowMs();
    this.#parts.record({ kind: "attempt", atMs, delivery: delivery.id, attempt });
    const status = await postOnce(
      dress(delivery, atMs, this.#sign),
      this.#settings.timeoutMs,
      this.#parts.clock,
      this.#closing.signal,
    );
    if (this.#closing.signal.aborted) return;
    const accepted = status !== null && status >= 200 && status < 300;
    const final = accepted || isForged(delivery.trick) || attempt >= this.#settings.attempts;
    this.#parts.record({
      kind: "result",
      atMs: this.#parts.clock.nowMs(),
      delivery: delivery.id,
      attempt,
      status,
      final,
    });
    if (!final) this.#schedule(pending, this.#parts.clock.nowMs() + this.#backoffMs(attempt));
  }

  #backoffMs(attempt: number): number {
    return Math.min(this.#settings.retryMsMax, this.#settings.firstRetryMs * 2 ** (attempt - 1));
  }
}

/** Signed at the time of this very attempt, as vendors do, then spoilt if it is a forgery. */
function dress(delivery: Delivery, nowMs: number, sign: SignWebhook) {
  const { account, endpoint, eventId, object, body, trick } = delivery;
  const atMs = trick === "stale-timestamp" ? nowMs - STALE_MS : nowMs;
  const headers =
    trick === "unsigned"
      ? {}
      : sign({ account, endpoint, eventId, body, atMs, secretIsWrong: trick === "bad-signature" });
  // Vendors that keep an event's id in a header still name the object in the body.
  const within = body.includes(eventId) ? eventId : object[1];
  return { url: delivery.url, headers, body: trick === "changed-byte" ? changeOneByte(body, within) : body };
}
