import { expect, test } from "vitest";
import { judge, row, tableOf } from "../bench/support/report.ts";

const atMost = { kind: "at-most", limit: 2 } as const;

test("a ratio is judged by its median, a count by its worst", () => {
  expect(judge("ratio", atMost, [1, 2, 9]).met).toBe(true);
  expect(judge("ratio", atMost, [1, 2.1, 9]).met).toBe(false);
  expect(judge("count", atMost, [1, 1, 1, 3], "calls").met).toBe(false);
  expect(judge("count", { kind: "at-least", limit: 2 }, [3, 3, 3, 1], "calls").met).toBe(false);
});

test("the table says what was missed", () => {
  const rows = [row("ours", "subject", "ms", [1, 2, 3])];
  const verdicts = [judge("good", atMost, [1]), judge("bad", atMost, [3])];
  const table = tableOf("bench", { settings: {}, rows, verdicts, notes: ["read this"] });
  expect(table).toContain("met    good: 1 (1 – 1), budget ≤ 2 x");
  expect(table).toContain("MISSED bad: 3 (3 – 3), budget ≤ 2 x");
  expect(table).toMatch(/ours +subject +2 +1\.50 – 2\.50 +ms +3 rounds/);
  expect(table).toContain("· read this");
});
