import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { killOften } from "./kill-often.ts";

test("twenty kills at random, in the middle of imports and of webhooks", async () => {
  const folder = temporaryFolder();
  const report = await killOften({
    folder,
    kills: 20,
    lifeMsMin: 500,
    lifeMsMax: 4_000,
    size: "demo",
    changes: 10,
    waitMs: 600_000,
  });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  expect(report).toMatchObject({ wrong: [], runsNotDone: 0, failuresOpen: 0 });
  expect(report.pagesFetchedAgain).toBeLessThanOrEqual(report.kills);
});
