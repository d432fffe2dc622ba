import type { ApiClient } from "../api-client.ts";
import { progressLine } from "../progress-line.ts";
import { OwnedRun } from "./shapes.ts";

/**
 * Looks at each run until all have ended, and gives them as they ended. `show` gets a line a run after each look; `pause`
 * is waited for between two looks.
 */
export async function followRuns(
  api: ApiClient,
  runs: readonly OwnedRun[],
  show: (lines: readonly string[]) => void,
  pause: () => Promise<unknown>,
): Promise<readonly OwnedRun[]> {
  let known = runs;
  show(known.map(lineOf));
  while (known.some((run) => run.status === "active")) {
    await pause();
    known = await Promise.all(known.map((run) => lookAgain(api, run)));
    show(known.map(lineOf));
  }
  return known;
}

async function lookAgain(api: ApiClient, run: OwnedRun): Promise<OwnedRun> {
  if (run.status !== "active") return run;
  const { connectionId, partner, runId } = run;
  const path = `/connections/${connectionId}/runs/${encodeURIComponent(runId)}`;
  return { ...(await api.get(path, OwnedRun.omit({ connectionId: true, partner: true }))), connectionId, partner };
}

function lineOf(run: OwnedRun): string {
  return progressLine(run.partner, run);
}
