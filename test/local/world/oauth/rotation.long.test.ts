import { expect, test } from "vitest";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { rotateUnderKills } from "./rotate-under-kills.ts";

const tokens = { accessSeconds: 6 };

test("one-use refresh tokens of a partner with a grace period outlive kills at any moment", async () => {
  const report = await rotateUnderKills({ ...tokens, folder: temporaryFolder(), kills: 8, graceSeconds: 3_600 });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  expect(report).toMatchObject({ status: "active", statusReason: null, reused: 0, early: 0, wrong: [] });
  expect(report.refreshes).toBeGreaterThan(2);
  // A kill fell between the exchange and its storing, or this has shown nothing.
  expect(report.replays).toBeGreaterThan(0);
  expect(report.replays).toBeLessThanOrEqual(report.kills);
});

test("without one, a kill right after the exchange costs the authorisation, and that is what is said", async () => {
  const report = await rotateUnderKills({ ...tokens, folder: temporaryFolder(), kills: 1, graceSeconds: 0 });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  // One exchange, and one retry as its fate was unknown; then a person, who gave a new credential.
  expect(report).toMatchObject({ status: "needs-reconnect", reused: 1, replays: 0, early: 0, wrong: [] });
  expect(report.statusReason).toContain("its answer got lost");
});
