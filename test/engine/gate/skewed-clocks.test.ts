import { expect, test } from "vitest";
import { reserveDated } from "../../../lib/engine/gate/reserve-dated.ts";
import type { GateItemsByKey } from "../../../lib/engine/gate/reserve-dated.ts";
import type { BucketScope } from "../../../lib/engine/ports.ts";
import { startMs } from "../../support/memory/clock.ts";
import { scopeOf, slidingScope } from "./support/scopes.ts";

/** Workers that take one token each, every one by its own clock. */
class Workers {
  #items: GateItemsByKey = new Map();

  take(scope: BucketScope, nowMs: number): number {
    const ask = { scopes: [scope], weight: 1, want: 1, lane: "imports" as const, connectionId: "one" };
    const verdict = reserveDated(this.#items, { ...ask, deadlineMs: nowMs + 30_000 }, nowMs);
    if (verdict.kind === "refused") return Number.NaN;
    this.#items = new Map([...this.#items, ...verdict.items]);
    return verdict.sendAtMs[0] ?? Number.NaN;
  }
}

test("what a clock ahead is done with, one behind still sees", () => {
  const charges = slidingScope(1, 1_000, { bucket: "GET /charges" });
  const customers = slidingScope(1, 1_000, { bucket: "GET /customers" });
  const workers = new Workers();
  const firstMs = workers.take(charges, startMs);
  workers.take(customers, startMs + 1_300);
  expect(workers.take(charges, startMs + 1_200)).toBe(firstMs + 1_260);
});

test("a call that a clock ahead dates just after a reset counts in the window before it as well", () => {
  const resetsAtMs = startMs + 10_000;
  const window = scopeOf("window", {
    kind: "fixedWindow",
    requests: 1,
    perMs: 10_000,
    resets: { kind: "aligned", offsetMs: startMs % 10_000 },
  });
  const workers = new Workers();
  expect(workers.take(window, resetsAtMs + 10)).toBe(resetsAtMs + 10);
  // Neither before the reset nor in the window that it begins.
  expect(workers.take(window, resetsAtMs - 300)).toBe(resetsAtMs + 10_260);
});
