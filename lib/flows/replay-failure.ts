import { webhookExpiryMs } from "../engine/job.ts";
import type { Failure, Ports } from "../engine/ports.ts";
import { startRun } from "./start-run.ts";
import type { StartPorts } from "./start-run.ts";

export type ReplayPorts = StartPorts & Pick<Ports, "failures" | "partners">;

export type ReplayResult =
  | { readonly kind: "replaying" }
  /** `isImporting`: only for as long as an import of it is running. */
  | { readonly kind: "refused"; readonly reason: string; readonly isImporting?: true };

/**
 * Tries a failure's job again; it fetches again and applies no old payload. Its success closes the failure. Marked before
 * it is sent: dying in between, it can be replayed once more, and the same job twice has one effect.
 */
export async function replayFailure(ports: ReplayPorts, failure: Failure): Promise<ReplayResult> {
  const { job } = failure;
  if (job === null)
    return { kind: "refused", reason: "it was no job of ours, so there is nothing to try again; discard it" };
  const nowMs = ports.clock.nowMs();
  if ((await ports.failures.move(failure, ["open", "replaying"], "replaying", nowMs)) === "not-there") {
    return { kind: "refused", reason: "it is closed already" };
  }
  if (job.work.kind === "push") return replayRun(ports, failure, job.work.runId);
  await ports.lanes.send(
    {
      ...job,
      attempts: 0,
      hops: 0,
      createdAtMs: nowMs,
      expiresAtMs: nowMs + webhookExpiryMs,
      replayOf: failure.failureId,
    },
    0,
  );
  return { kind: "replaying" };
}

/** A failed run has ended; what is tried again is its import, in a run of its own that knows which failure to close. */
async function replayRun(ports: ReplayPorts, failure: Failure, runId: string): Promise<ReplayResult> {
  const driver = ports.partners.find(failure.partner);
  const run = await ports.runs.read(failure.partner, failure.connectionId, runId);
  const connection = await ports.connections.read(failure.partner, failure.connectionId);
  const state =
    run === null ? null : await ports.connections.readResource(failure.partner, failure.connectionId, run.resource);
  if (driver === null || run === null || connection === null || state === null) {
    await ports.failures.move(failure, ["replaying"], "open", ports.clock.nowMs());
    return { kind: "refused", reason: "its connection or its run is gone; discard it" };
  }
  const slot = `replay-${failure.replays + 1}-${ports.clock.nowMs()}`;
  const result = await startRun(ports, {
    driver,
    connection,
    state,
    mode: run.mode,
    trigger: "manual",
    slot,
    replayOf: failure.failureId,
  });
  if (result.kind === "started") return { kind: "replaying" };
  await ports.failures.move(failure, ["replaying"], "open", ports.clock.nowMs());
  if (result.kind === "refused") return result;
  return {
    kind: "refused",
    reason: "an import of it is running already; replay it when that has ended, if it is still open",
    isImporting: true,
  };
}
