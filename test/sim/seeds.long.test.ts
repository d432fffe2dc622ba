import { expect, test } from "vitest";
import { simulate } from "./simulate.ts";

const seeds = 1_000;

test(`${seeds} seeds break no promise`, async () => {
  const failures: string[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const { failure } = await simulate(seed);
    if (failure !== null) failures.push(`seed ${seed}: ${failure.message}`);
  }
  expect(failures).toEqual([]);
});
