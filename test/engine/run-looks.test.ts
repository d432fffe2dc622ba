import { expect, test } from "vitest";
import { leave, looksMax, renudge } from "../../lib/engine/run.ts";
import type { Run } from "../../lib/engine/run.ts";
import { startMs } from "../support/memory/clock.ts";
import { runOf } from "../support/port-values.ts";

const hourMs = 3_600_000;
const next = { nudgeId: "nudge", notBeforeMs: 0, waiting: "limit", failed: false };

function lookedAt(run: Run, times: number): Run {
  let looked = run;
  for (let look = 1; look <= times; look += 1)
    looked = renudge(looked, `look-${look}`, startMs + look * hourMs) ?? looked;
  return looked;
}

test("a run that a worker has left is no run that kills its workers, however long it waits", () => {
  const run = runOf({ partner: "acme", connectionId: "acme_1" }, { nextLookMs: startMs });
  const lost = lookedAt(run, looksMax - 1);
  expect(lost.looks).toBe(looksMax - 1);
  const left = leave(lost, next, startMs);
  expect(left.looks).toBe(0);
});
