import { expect, test } from "vitest";
import { commit } from "./kernel/commit.ts";
import { simulate } from "./simulate.ts";

const seedsEach = 100;

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(`the %i-th ${seedsEach} seeds break no promise`, async (block) => {
  const failures: string[] = [];
  for (let seed = block * seedsEach + 1; seed <= (block + 1) * seedsEach; seed++) {
    const { failure } = await simulate(seed);
    if (failure !== null) failures.push(`seed ${seed} at ${commit()}: ${failure.message}`);
  }
  expect(failures).toEqual([]);
});
