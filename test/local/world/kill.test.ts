import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { killOften } from "./kill-often.ts";

test("a stack that is killed in the middle of an import goes on where it was", { timeout: 240_000 }, async () => {
  const folder = temporaryFolder();
  const report = await killOften({
    folder,
    kills: 2,
    lifeMsMin: 1_500,
    lifeMsMax: 3_000,
    size: "smoke",
    changes: 0,
    waitMs: 150_000,
  });
  expect(report).toMatchObject({ wrong: [], runsNotDone: 0, failuresOpen: 0 });
  expect(report.objects).toBe(1_000);
  expect(report.pagesFetchedAgain).toBeLessThanOrEqual(report.kills * 3);
});
