import { describe, expect, test } from "vitest";
import { askedTogether } from "../../../lib/engine/gate/asked-together.ts";
import { noHints } from "../../../lib/engine/gate/no-hints.ts";
import { tokensOf } from "../../../lib/engine/gate/reservation-id.ts";
import { createSharedGate } from "../../../lib/engine/gate/shared-gate.ts";
import type { Gate, Reservation } from "../../../lib/engine/ports.ts";
import { SeededRandom, startMs, VirtualClock } from "../../support/memory/clock.ts";
import { MemoryGateItems } from "../../support/memory/gate-items.ts";
import { slidingScope } from "./support/scopes.ts";

type Request = Parameters<Gate["reserve"]>[0];

function open() {
  const clock = new VirtualClock();
  const items = new MemoryGateItems();
  const gate = askedTogether(createSharedGate({ items, clock, random: new SeededRandom(7) }), clock);
  return { clock, items, gate };
}

const scopes = [slidingScope(10, 1_000)];
const ask = (request: Partial<Request> = {}): Request => ({
  scopes,
  weight: 1,
  want: 1,
  lane: "webhooks",
  connectionId: "one",
  deadlineMs: startMs + 500,
  ...request,
});

const datesOf = (answers: readonly Reservation[]): number[] =>
  answers.flatMap((answer) => (answer.kind === "granted" ? answer.sendAtMs : []));

describe("asked together", () => {
  test("ten calls of one batch are one read and one write, and each has a token of its own", async () => {
    const { gate, items } = open();
    const answers = await Promise.all(Array.from({ length: 10 }, () => gate.reserve(ask())));
    expect([items.reads, items.writes, items.lostWrites]).toEqual([1, 1, 0]);
    expect(datesOf(answers)).toHaveLength(10);
    const ids = answers.map((answer) => (answer.kind === "granted" ? answer.id : ""));
    expect(new Set(ids).size).toBe(10);
    expect(ids.map((id) => tokensOf(id).dates.length)).toEqual(Array.from({ length: 10 }, () => 1));
  });

  test("those for whom there is none are told when to come back", async () => {
    const { gate, items } = open();
    const answers = await Promise.all(Array.from({ length: 14 }, () => gate.reserve(ask())));
    const refused = answers.filter((answer) => answer.kind === "refused");
    expect([datesOf(answers).length, refused.length, items.writes]).toEqual([10, 4, 1]);
    for (const answer of refused) expect(answer.retryAtMs).toBeGreaterThan(startMs + 500);
  });

  test("what is of use to nobody is given back", async () => {
    const { gate } = open();
    await gate.reserve(ask({ want: 10 }));
    // One can wait for the next second, but for two tokens; the other cannot, and neither is its second token of use.
    const answers = await Promise.all([
      gate.reserve(ask({ want: 2, deadlineMs: startMs + 100 })),
      gate.reserve(ask({ want: 2, deadlineMs: startMs + 3_000 })),
    ]);
    expect(answers.map(({ kind }) => kind)).toEqual(["refused", "granted"]);
    const rest = await gate.reserve(ask({ want: 10, deadlineMs: startMs + 3_000 }));
    // Of the second second two are taken, and no more.
    expect(datesOf([rest]).filter((dateMs) => dateMs < startMs + 2_000)).toHaveLength(8);
  });

  test("calls on other buckets of one item follow one another, and lose no write", async () => {
    const { gate, items } = open();
    const endpoints = ["charges", "customers", "events"].map((name) => [
      ...scopes,
      slidingScope(5, 1_000, { bucket: name }),
    ]);
    await Promise.all(endpoints.map((own) => gate.reserve(ask({ scopes: own }))));
    expect([items.writes, items.lostWrites]).toEqual([3, 0]);
  });

  test("a store that fails, fails everybody who asked, and nobody after", async () => {
    const { gate, items } = open();
    const read = items.read.bind(items);
    items.read = () => Promise.reject(new Error("throttled"));
    const answers = await Promise.allSettled([gate.reserve(ask()), gate.reserve(ask())]);
    expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    items.read = read;
    expect((await gate.reserve(ask())).kind).toBe("granted");
  });

  test("settling passes through", async () => {
    const { gate } = open();
    const notBeforeMs = startMs + 9_000;
    const hints = { ...noHints, notBeforeMs };
    await gate.settle("any", { scopes, connectionId: "one", sent: 1, unused: 0, kinds: ["rate"], hints });
    expect(await gate.reserve(ask())).toMatchObject({ kind: "refused" });
    expect((await gate.look("acme#one")).heldUntilMs).toBe(notBeforeMs);
  });
});
