import { expect, test } from "vitest";
import { noHints } from "../../../lib/engine/gate/no-hints.ts";
import { createSharedGate } from "../../../lib/engine/gate/shared-gate.ts";
import type { Gate } from "../../../lib/engine/ports.ts";
import { SeededRandom, startMs, VirtualClock } from "../../support/memory/clock.ts";
import { MemoryGateItems } from "../../support/memory/gate-items.ts";
import { slidingScope } from "./support/scopes.ts";

const scopes = [slidingScope(10, 60_000)];
const ask = { scopes, weight: 1, want: 1, lane: "imports", connectionId: "one", deadlineMs: startMs + 3_000 } as const;

/** Two functions on one table. */
function open(): { readonly items: MemoryGateItems; readonly one: Gate; readonly other: Gate } {
  const [clock, items] = [new VirtualClock(), new MemoryGateItems()];
  const gate = (seed: number): Gate => createSharedGate({ items, clock, random: new SeededRandom(seed) });
  return { items, one: gate(1), other: gate(2) };
}

async function grantsOf(gate: Gate, times: number): Promise<number> {
  let granted = 0;
  for (let time = 0; time < times; time++) if ((await gate.reserve(ask)).kind === "granted") granted += 1;
  return granted;
}

test("what nobody else writes is read twice, and then no more", async () => {
  const { items, one } = open();
  expect(await grantsOf(one, 8)).toBe(8);
  expect([items.reads, items.writes, items.lostWrites]).toEqual([2, 8, 0]);
});

test("what somebody else has written costs one write, and then it is read again", async () => {
  const { items, one, other } = open();
  await grantsOf(one, 4);
  await grantsOf(other, 1);
  const { reads } = items;
  expect(await grantsOf(one, 1)).toBe(1);
  expect([items.reads - reads, items.lostWrites]).toEqual([1, 1]);
  await grantsOf(other, 1);
  expect(await grantsOf(one, 1)).toBe(1);
  expect(items.lostWrites).toBe(1);
});

test("however many were taken from memory, all of them together are no more than the limit", async () => {
  const { one, other } = open();
  expect((await grantsOf(one, 4)) + (await grantsOf(other, 4)) + (await grantsOf(one, 6))).toBe(10);
});

test("nobody is refused by what is only remembered", async () => {
  const { one, other } = open();
  const asked = await other.reserve({ ...ask, want: 3, paceMs: 500 });
  expect(await grantsOf(one, 8)).toBe(7);
  if (asked.kind !== "granted") throw new Error("nobody else had asked");
  await other.settle(asked.id, { scopes, connectionId: "one", sent: 1, unused: 2, kinds: [], hints: noHints });
  expect(await grantsOf(one, 3)).toBe(2);
});
