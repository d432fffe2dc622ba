import { expect, test } from "vitest";
import { temporaryFolder } from "../../local/support/temporary-folder.ts";
import { fuzzOverHttp } from "./fuzz.ts";

test("hundreds of posts over HTTP come out as they should", { timeout: 600_000 }, async () => {
  const report = await fuzzOverHttp({ count: 400, seed: 1, folder: temporaryFolder(), nowMs: () => Date.now() });
  expect(report.violations).toEqual([]);
  expect(report.queued).toBe(report.accepted);
  expect(Object.keys(report.statuses).filter((status) => status.startsWith("5"))).toEqual([]);
  // It fuzzes what it says: every door with both outcomes, challenges, and a key that was fetched and kept.
  const oneSided = Object.entries(report.doors).filter(
    ([, { posts, accepted }]) => accepted === 0 || accepted === posts,
  );
  expect(oneSided).toEqual([]);
  expect(report.challenged).toBeGreaterThan(0);
  expect(report.keyCalls).toBeGreaterThan(0);
  expect(report.keyCalls).toBeLessThan((report.doors["plaid"]?.posts ?? 0) / 2);
});
