import { packGateItem, unpackGateItem } from "../../../../lib/engine/gate/gate-item-text.ts";
import { emptyGateItem } from "../../../../lib/engine/gate/gate-item.ts";
import type { GateItem } from "../../../../lib/engine/gate/gate-item.ts";
import { reserveDated } from "../../../../lib/engine/gate/reserve-dated.ts";
import type { DatedRequest, DatedVerdict } from "../../../../lib/engine/gate/reserve-dated.ts";
import { settleDated } from "../../../../lib/engine/gate/settle-dated.ts";
import type { Outcome } from "../../../../lib/engine/gate/settle-dated.ts";
import { SeededRandom, startMs } from "../../../support/memory/clock.ts";

interface Event {
  readonly atMs: number;
  readonly happen: () => void;
}

/** Things that happen in the order of their times, and one stored item that they take tokens of. */
export class VirtualWorld {
  nowMs = startMs;
  readonly random: SeededRandom;
  #item: GateItem = emptyGateItem;
  readonly #events: Event[] = [];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  at(atMs: number, happen: () => void): void {
    this.#events.push({ atMs: Math.max(atMs, this.nowMs), happen });
  }

  runUntil(untilMs: number): void {
    for (;;) {
      const next = this.#events.reduce(
        (first: Event | null, event) => (first === null || event.atMs < first.atMs ? event : first),
        null,
      );
      if (next === null || next.atMs >= untilMs) return;
      this.#events.splice(this.#events.indexOf(next), 1);
      this.nowMs = next.atMs;
      next.happen();
    }
  }

  /** The stored item as text. */
  text(): string {
    return packGateItem(this.#item);
  }

  reserve(request: DatedRequest): DatedVerdict {
    const verdict = reserveDated(new Map([["acme#one", this.#item]]), request, this.nowMs);
    if (verdict.kind === "granted") this.#store(verdict.items.get("acme#one"));
    return verdict;
  }

  settle(tokens: { readonly weight: number; readonly dates: readonly number[] }, outcome: Outcome): void {
    this.#store(settleDated(new Map([["acme#one", this.#item]]), tokens, outcome, this.nowMs).get("acme#one"));
  }

  #store(item: GateItem | undefined): void {
    if (item !== undefined) this.#item = unpackGateItem(packGateItem(item)) ?? emptyGateItem;
  }

  /** A worker that always has `want` more calls to send: asks, sends, asks again. */
  flood(request: Omit<DatedRequest, "deadlineMs">, sent: (dateMs: number) => void): void {
    const ask = (): void => {
      const verdict = this.reserve({ ...request, deadlineMs: this.nowMs + 3_000 });
      if (verdict.kind === "refused") {
        this.at(verdict.sureAtMs - this.random.unit() * 1_500, ask);
        return;
      }
      for (const dateMs of verdict.sendAtMs) sent(dateMs);
      this.at((verdict.sendAtMs.at(-1) ?? this.nowMs) + 20, ask);
    };
    this.at(this.nowMs + this.random.unit() * 1_000, ask);
  }
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
