import process from "node:process";
import { expect, test } from "vitest";
import { partnerBreaker } from "../../../lib/engine/breaker.ts";
import { killControl } from "./control-kill.ts";

test("partner-control, killed at any moment, leaves a partner neither off for good nor hammered", async () => {
  const report = await killControl({ heldMs: 150_000, backlog: 500, patienceMs: 900_000 });
  process.stdout.write(`${JSON.stringify(report)}\n`);
  expect(report.midway).toBeGreaterThan(40);
  // On again, as is wanted, with all that waited.
  expect(report).toMatchObject({ states: ["Enabled", "Enabled"], held: [], wrong: [], failures: 0 });
  // Held all the while: nobody called but probes, none sooner after another than the shortest wait.
  const { callsWhileHeldMs, heldMs } = report;
  const apartMsMin = partnerBreaker.openMs / 2;
  expect(callsWhileHeldMs.length).toBeLessThanOrEqual(Math.ceil(heldMs / apartMsMin));
  for (const [index, atMs] of callsWhileHeldMs.entries())
    expect(atMs - (callsWhileHeldMs[index - 1] ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(apartMsMin);
});
