import type { Delivery, EntryOf, JournalEntry, Trick } from "./journal-entry.ts";
import type { JournalListener } from "./journal.ts";
import { ObjectFactTable } from "./object-facts.ts";

interface RequestCounts {
  /** 2xx written to the end, deliberate failures apart. */
  served: number;
  /** Answers that the caller did not wait for, or that a kill cut. */
  incomplete: number;
  /** 429 for a limit that the caller broke. */
  violations: number;
  /** Honest answers of 4xx and 5xx. */
  refused: number;
  /** Failures made on request. */
  deliberate: number;
}

interface WebhookCounts {
  deliveries: number;
  attempts: number;
  accepted: number;
  refused: number;
  unanswered: number;
  gaveUp: number;
}

const RECENT_VIOLATIONS_MAX = 50;
/** Violations are told by scope; scopes beyond this many are told together. */
const SCOPES_MAX = 1_000;

/** What was served and accepted: counters and a few numbers an object in memory, every single fact in the journal. */
export class Ledger implements JournalListener {
  readonly objects = new ObjectFactTable();
  readonly #requests = new Map<string, RequestCounts>();
  readonly #deliberate = new Map<string, number>();
  readonly #violations = new Map<string, number>();
  readonly #recentViolations: EntryOf<"violation">[] = [];
  readonly #writes = new Map<string, number>();
  readonly #webhooks = new Map<Trick, WebhookCounts>();
  readonly #answersUnderWay = new Map<number, EntryOf<"answer">>();
  readonly #deliveriesUnderWay = new Map<string, Delivery>();
  readonly #events = { created: 0 };
  #lastAnswer = 0;

  /** The number that the next answer is to bear. */
  get nextAnswer(): number {
    return this.#lastAnswer + 1;
  }

  apply(entry: JournalEntry): void {
    switch (entry.kind) {
      case "change":
        return this.#change(entry);
      case "answer":
        return this.#answer(entry);
      case "written":
        return this.#written(entry);
      case "violation":
        return this.#violation(entry);
      case "attempt":
        return this.#attempt(entry);
      case "result":
        return this.#result(entry);
    }
  }

  /** After an earlier life was read back: an answer without its end is one that the kill cut. */
  settleAfterKill(): void {
    for (const answer of this.#answersUnderWay.values()) {
      this.#count(answer).incomplete += 1;
      if (answer.account === null) continue;
      this.objects.see(answer.account, "perhapsServed", answer.references);
      if (isSingleGet(answer)) this.objects.countSingleGet(answer.account, "singleGetsPerhaps", answer.references);
    }
    this.#answersUnderWay.clear();
  }

  summary() {
    return {
      requests: Object.fromEntries(this.#requests),
      deliberate: Object.fromEntries(this.#deliberate),
      violations: {
        total: [...this.#violations.values()].reduce((sum, count) => sum + count, 0),
        byScope: Object.fromEntries(this.#violations),
        recent: this.#recentViolations,
      },
      writes: Object.fromEntries(this.#writes),
      webhooks: {
        events: this.#events.created,
        pending: this.#deliveriesUnderWay.size,
        forgedAccepted: (["bad-signature", "changed-byte", "stale-timestamp", "unsigned"] as const).reduce(
          (sum, trick) => sum + (this.#webhooks.get(trick)?.accepted ?? 0),
          0,
        ),
        byTrick: Object.fromEntries(this.#webhooks),
      },
    };
  }

  #change(entry: EntryOf<"change">): void {
    if (entry.write !== null) this.#writes.set(entry.write.endpoint, (this.#writes.get(entry.write.endpoint) ?? 0) + 1);
    this.#events.created += new Set(entry.deliveries.map((delivery) => delivery.eventId)).size;
    for (const delivery of entry.deliveries) {
      this.#deliveriesUnderWay.set(delivery.id, delivery);
      this.#webhookCounts(delivery.trick).deliveries += 1;
    }
  }

  #answer(entry: EntryOf<"answer">): void {
    this.#lastAnswer = Math.max(this.#lastAnswer, entry.number);
    this.#answersUnderWay.set(entry.number, entry);
    if (entry.deliberate === null) return;
    this.#deliberate.set(entry.deliberate, (this.#deliberate.get(entry.deliberate) ?? 0) + 1);
  }

  #written(entry: EntryOf<"written">): void {
    const answer = this.#answersUnderWay.get(entry.number);
    if (answer === undefined) return;
    this.#answersUnderWay.delete(entry.number);
    const counts = this.#count(answer);
    if (answer.deliberate !== null && answer.deliberate !== "slow") counts.deliberate += 1;
    else if (answer.status === 429) counts.violations += 1;
    else if (!entry.complete) counts.incomplete += 1;
    else if (answer.status >= 300) this.#refused(answer, counts);
    else this.#served(answer, counts);
  }

  #refused(answer: EntryOf<"answer">, counts: RequestCounts): void {
    counts.refused += 1;
    // "Not there (any more)" tells of a deletion just as an object tells of its state.
    const tellsOfGone = [400, 404, 410].includes(answer.status);
    if (tellsOfGone && answer.account !== null) this.objects.see(answer.account, "served", answer.references);
  }

  #served(answer: EntryOf<"answer">, counts: RequestCounts): void {
    counts.served += 1;
    if (answer.account === null) return;
    this.objects.see(answer.account, "served", answer.references);
    this.objects.see(answer.account, "servedAsSnapshot", answer.snapshots);
    if (isSingleGet(answer)) this.objects.countSingleGet(answer.account, "singleGets", answer.references);
  }

  #violation(entry: EntryOf<"violation">): void {
    const scope = this.#violations.has(entry.scope) || this.#violations.size < SCOPES_MAX ? entry.scope : "others";
    this.#violations.set(scope, (this.#violations.get(scope) ?? 0) + 1);
    this.#recentViolations.push(entry);
    if (this.#recentViolations.length > RECENT_VIOLATIONS_MAX) this.#recentViolations.shift();
  }

  #attempt(entry: EntryOf<"attempt">): void {
    const delivery = this.#deliveriesUnderWay.get(entry.delivery);
    if (delivery !== undefined) this.#webhookCounts(delivery.trick).attempts += 1;
  }

  #result(entry: EntryOf<"result">): void {
    const delivery = this.#deliveriesUnderWay.get(entry.delivery);
    if (delivery === undefined) return;
    const counts = this.#webhookCounts(delivery.trick);
    const accepted = entry.status !== null && entry.status >= 200 && entry.status < 300;
    if (accepted) counts.accepted += 1;
    else if (entry.status === null) counts.unanswered += 1;
    else counts.refused += 1;
    if (accepted) this.objects.see(delivery.account, "delivered", [delivery.object]);
    if (!entry.final) return;
    this.#deliveriesUnderWay.delete(entry.delivery);
    if (!accepted) counts.gaveUp += 1;
  }

  #count(answer: EntryOf<"answer">): RequestCounts {
    const endpoint = `${answer.method} ${answer.template}`;
    const counts = this.#requests.get(endpoint) ?? {
      served: 0,
      incomplete: 0,
      violations: 0,
      refused: 0,
      deliberate: 0,
    };
    this.#requests.set(endpoint, counts);
    return counts;
  }

  #webhookCounts(trick: Trick): WebhookCounts {
    const counts = this.#webhooks.get(trick) ?? {
      deliveries: 0,
      attempts: 0,
      accepted: 0,
      refused: 0,
      unanswered: 0,
      gaveUp: 0,
    };
    this.#webhooks.set(trick, counts);
    return counts;
  }
}

function isSingleGet(answer: EntryOf<"answer">): boolean {
  return answer.single && answer.method === "GET";
}
