import { expect, test } from "vitest";
import { holdAndResume } from "./held-partner.ts";

test(
  "a partner that is down is held: polled no more, its backlog untouched, and resumed whole",
  { timeout: 600_000 },
  async () => expect(await holdAndResume(100, 240_000)).toBe("resumed"),
);
