import { expect, test } from "vitest";
import { holdAndResume } from "./held-partner.ts";

test("a backlog of 10,000 is held without being consumed, and resumed with nothing lost", async () =>
  expect(await holdAndResume(10_000, 1_200_000)).toBe("resumed"));
