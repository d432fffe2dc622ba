import { expect, test } from "vitest";
import { byRound, interleave } from "../bench/support/rounds.ts";

const plenty = { roundsMin: 1, timeMsMax: 60_000 };

test("contestants take turns, the first place goes round, and warm-ups are not counted", async () => {
  const order: string[] = [];
  const contestant = (name: string) => (): number => order.push(name);
  const measured = await interleave({ a: contestant("a"), b: contestant("b") }, { rounds: 2, warmUps: 1, ...plenty });
  expect(order.join("")).toBe("abbaab");
  expect(measured).toEqual({ a: [4, 5], b: [3, 6] });
});

test("no round is begun when the time is over and enough are done", async () => {
  const measured = await interleave({ a: () => 1 }, { rounds: 50, warmUps: 0, roundsMin: 3, timeMsMax: -1 });
  expect(measured.a).toHaveLength(3);
});

test("what is computed by round pairs the measurements of one round", () => {
  expect(byRound({ ours: [2, 9], bare: [1, 3] }, ({ ours, bare }) => ours / bare)).toEqual([2, 3]);
});
