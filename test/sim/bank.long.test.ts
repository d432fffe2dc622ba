import { describe, expect, test } from "vitest";
import { bugs } from "./planted/index.ts";
import { tryBug } from "./planted/run-bank.ts";

describe("a planted bug is caught", () => {
  test.each(bugs)("$name: $why", async (bug) => {
    const { isCaught, how } = await tryBug(bug);
    expect({ isCaught, how }).toMatchObject({ isCaught: true });
  });
});
