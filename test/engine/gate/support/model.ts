import fc from "fast-check";
import type { LimitRule } from "../../../../lib/engine/define-partner.ts";
import { packGateItem, unpackGateItem } from "../../../../lib/engine/gate/gate-item-text.ts";
import { emptyGateItem } from "../../../../lib/engine/gate/gate-item.ts";
import { noHints } from "../../../../lib/engine/gate/no-hints.ts";
import { reserveDated } from "../../../../lib/engine/gate/reserve-dated.ts";
import type { GateItemsByKey } from "../../../../lib/engine/gate/reserve-dated.ts";
import { settleDated } from "../../../../lib/engine/gate/settle-dated.ts";
import type { BucketScope } from "../../../../lib/engine/ports.ts";
import { strictPartner } from "../../../support/judges/strict-partner.ts";
import type { PartnerLimit } from "../../../support/judges/strict-partner.ts";
import type { Violation } from "../../../support/judges/judge.ts";
import { startMs } from "../../../support/memory/clock.ts";

/** What is between a token's date and its call's arrival: less than 260 ms in all. */
export const clockOffMsMax = 50;
export const latenessMsMax = 100;
export const delayMsMax = 59;

export const timedRule: fc.Arbitrary<LimitRule> = fc.oneof(
  fc.record({
    kind: fc.constant("slidingWindow" as const),
    requests: fc.integer({ min: 1, max: 40 }),
    perMs: fc.constantFrom(1_000, 10_000, 60_000),
  }),
  fc.record({
    kind: fc.constant("tokenBucket" as const),
    capacity: fc.integer({ min: 1, max: 30 }),
    refill: fc.integer({ min: 1, max: 20 }),
    perMs: fc.constantFrom(500, 1_000, 10_000),
  }),
  fc.record({
    kind: fc.constant("fixedWindow" as const),
    requests: fc.integer({ min: 1, max: 40 }),
    perMs: fc.constantFrom(1_000, 5_000, 60_000),
    resets: fc.record({ kind: fc.constant("aligned" as const), offsetMs: fc.integer({ min: 0, max: 999 }) }),
  }),
);

export const anyRule: fc.Arbitrary<LimitRule> = fc.oneof(
  { arbitrary: timedRule, weight: 4 },
  {
    arbitrary: fc.record({ kind: fc.constant("concurrency" as const), calls: fc.integer({ min: 1, max: 6 }) }),
    weight: 1,
  },
);

export interface Step {
  readonly afterMs: number;
  readonly clockOffMs: number;
  readonly want: number;
  readonly weight: number;
  readonly patienceMs: number;
  readonly high: boolean;
  readonly connection: string;
  readonly latenessMs: readonly number[];
  readonly delayMs: readonly number[];
  readonly lastsMs: number;
  /** What becomes of a grant: sent and settled, sent by a worker that dies, never stored, or the last ones not needed. */
  readonly fate: "sent" | "dies" | "write-lost" | "unused";
}

const wantMax = 8;

export const anyStep: fc.Arbitrary<Step> = fc.record({
  afterMs: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 1_500 })),
  clockOffMs: fc.integer({ min: -clockOffMsMax, max: clockOffMsMax }),
  want: fc.integer({ min: 1, max: wantMax }),
  weight: fc.constantFrom(1, 1, 1, 2, 3),
  patienceMs: fc.integer({ min: 0, max: 5_000 }),
  high: fc.boolean(),
  connection: fc.constantFrom("one", "two"),
  latenessMs: fc.array(fc.integer({ min: 0, max: latenessMsMax }), { minLength: wantMax, maxLength: wantMax }),
  delayMs: fc.array(fc.integer({ min: 0, max: delayMsMax }), { minLength: wantMax, maxLength: wantMax }),
  lastsMs: fc.integer({ min: 1, max: 20_000 }),
  fate: fc.constantFrom("sent", "sent", "sent", "dies", "write-lost", "unused"),
});

export function partnerLimit(rule: LimitRule, name: string): PartnerLimit {
  if (rule.kind === "learnt") throw new Error("no partner documents a limit that is learnt");
  return { name, ...rule };
}

interface Call {
  readonly id: string;
  readonly atMs: number;
  readonly weight: number;
  readonly leavesAtMs: number;
}

/** Workers with clocks of their own take tokens of shared items as the steps say; the partner judges what arrives. */
export class GateModel {
  readonly calls: Call[] = [];
  longest = 0;
  #items: GateItemsByKey = new Map();
  #trueMs = startMs;
  #endings: { readonly atMs: number; readonly end: () => void }[] = [];
  readonly #scopes: readonly BucketScope[];

  constructor(scopes: readonly BucketScope[]) {
    this.#scopes = scopes;
  }

  /** Refusals have named a time that is later than half the caller's patience, and good for a lone caller. */
  take(step: Step, checkRefusal: (granted: boolean, sureAtMs: number) => void): void {
    this.#pass(step.afterMs);
    const nowMs = this.#trueMs + step.clockOffMs;
    const weight = Math.min(step.weight, ...this.#scopes.map(({ rule }) => heaviestOf(rule)));
    const request = {
      scopes: this.#scopes,
      weight,
      want: step.want,
      lane: step.high ? ("webhooks" as const) : ("imports" as const),
      connectionId: step.connection,
      deadlineMs: nowMs + step.patienceMs,
    };
    const verdict = reserveDated(this.#items, request, nowMs);
    if (verdict.kind === "refused") {
      const again = reserveDated(this.#items, { ...request, deadlineMs: verdict.sureAtMs }, verdict.sureAtMs);
      checkRefusal(again.kind === "granted" && verdict.sureAtMs > nowMs + step.patienceMs / 2, verdict.sureAtMs);
      return;
    }
    if (step.fate === "write-lost") return;
    this.#store(verdict.items);
    const sent = step.fate === "unused" ? verdict.sendAtMs.slice(0, -1) : verdict.sendAtMs;
    const tokens = { weight, dates: verdict.sendAtMs };
    const outcome = { scopes: this.#scopes, connectionId: step.connection, kinds: [], hints: noHints };
    if (step.fate === "unused")
      this.#store(settleDated(this.#items, tokens, { ...outcome, sent: 0, unused: 1 }, nowMs));
    for (const [index, dateMs] of sent.entries()) this.#send(step, weight, dateMs, index);
  }

  #send(step: Step, weight: number, dateMs: number, index: number): void {
    const sentMs = dateMs - step.clockOffMs + (step.latenessMs[index] ?? 0);
    const atMs = sentMs + (step.delayMs[index] ?? 0);
    const call = { id: `c${this.calls.length}`, atMs, weight, leavesAtMs: atMs + step.lastsMs };
    this.calls.push(call);
    if (step.fate === "dies") return;
    const outcome = { scopes: this.#scopes, connectionId: step.connection, kinds: [], hints: noHints };
    const end = (): void => {
      const tokens = { weight, dates: [dateMs] };
      this.#store(settleDated(this.#items, tokens, { ...outcome, sent: 1, unused: 0 }, call.leavesAtMs));
    };
    this.#endings.push({ atMs: call.leavesAtMs, end });
  }

  #pass(byMs: number): void {
    this.#trueMs += byMs;
    const due = this.#endings.filter(({ atMs }) => atMs <= this.#trueMs);
    this.#endings = this.#endings.filter(({ atMs }) => atMs > this.#trueMs);
    for (const { end } of due) end();
  }

  #store(items: GateItemsByKey): void {
    const next = new Map(this.#items);
    for (const [key, item] of items) {
      const text = packGateItem(item);
      this.longest = Math.max(this.longest, text.length);
      next.set(key, unpackGateItem(text) ?? emptyGateItem);
    }
    this.#items = next;
  }

  /** What a partner with these limits found wrong with the calls. */
  violations(): readonly Violation[] {
    const judge = strictPartner(this.#scopes.map(({ rule }, index) => partnerLimit(rule, `limit ${index}`)));
    const events = this.calls.flatMap((call) => [
      { atMs: call.atMs, order: 1, tell: () => judge.arrive({ ...call, bucket: "any" }) },
      { atMs: call.leavesAtMs, order: 0, tell: () => judge.leave(call.id, call.leavesAtMs) },
    ]);
    for (const { tell } of events.toSorted((a, b) => a.atMs - b.atMs || a.order - b.order)) tell();
    return judge.violations();
  }
}

function heaviestOf(rule: LimitRule): number {
  switch (rule.kind) {
    case "slidingWindow":
    case "fixedWindow":
      return rule.requests;
    case "tokenBucket":
      return rule.capacity;
    case "concurrency":
      return rule.calls;
    case "learnt":
      return Infinity;
  }
}
