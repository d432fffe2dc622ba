import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { webhookExpiryMs } from "../../../lib/engine/job.ts";
import type { Job } from "../../../lib/engine/job.ts";
import type { Clock, ResourceState, Transport } from "../../../lib/engine/ports.ts";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import { startRun } from "../../../lib/flows/start-run.ts";
import { NoAnswer } from "./answers.ts";
import type { FetchedFailure } from "./fetch-failure.ts";
import { createReplayPorts } from "./replay-ports.ts";
import type { ReplayWorld } from "./replay-ports.ts";

export type ReplayOutcome =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "again"; readonly message: string }
  | { readonly kind: "no-answer"; readonly message: string };

/** Nobody should run out of time in a debugger. */
const workMs = 86_400_000;
/** A run sends itself on; what goes round more often than that goes round for ever. */
const turnsMax = 100;

/** Works a failure's job as a consumer would, with recorded answers, and says each step. */
export async function replayJob(
  failure: FetchedFailure,
  world: {
    readonly driver: PartnerDriver;
    readonly transport: Transport;
    readonly clock: Clock;
    readonly say: (line: string) => void;
  },
): Promise<ReplayOutcome> {
  const replay = createReplayPorts({ ...world, connection: failure.connection });
  let job: Job | null = await firstJob(failure, world.driver, replay);
  try {
    for (let turn = 0; job !== null && turn < turnsMax; turn++) {
      const nowMs = replay.ports.clock.nowMs();
      world.say(`working on ${job.work.kind} ${job.id}`);
      await consumeJob(replay.ports, job, { workerId: "replay", deadlineMs: nowMs + workMs });
      const [why] = replay.sent.givenUp;
      if (why !== undefined) return { kind: "failed", message: `${why.code}: ${why.message}` };
      const sent = replay.sent.jobs.splice(0).at(-1);
      // A run goes on by itself; any other job that is sent again waits for something or failed for now.
      if (sent !== undefined && sent.job.attempts + sent.job.hops > 0)
        return { kind: "again", message: `it would be tried again in ${Math.round(sent.delayMs / 1_000)} s` };
      job = sent?.job ?? null;
    }
  } catch (error) {
    if (error instanceof NoAnswer) return { kind: "no-answer", message: error.message };
    throw error;
  }
  return runOutcome(await replay.ports.runs.read(failure.partner, "", ""));
}

/** The failure's job as a replay sends it; of an import, the first nudge of a run of its own. */
async function firstJob(failure: FetchedFailure, driver: PartnerDriver, replay: ReplayWorld): Promise<Job> {
  const { job, run, connection } = failure;
  const nowMs = replay.ports.clock.nowMs();
  if (run === null || connection === null) {
    const fresh = { attempts: 0, hops: 0, createdAtMs: nowMs, expiresAtMs: nowMs + webhookExpiryMs };
    return { ...job, ...fresh, replayOf: failure.failureId };
  }
  const state = stateFor(failure, driver, run);
  await replay.connections.createResource(state);
  await startRun(replay.ports, { driver, connection, state, mode: run.mode, trigger: "manual", slot: "replay" });
  const nudge = replay.sent.jobs.splice(0).at(-1);
  if (nudge === undefined) throw new Error(`An import of ${run.resource} does not start: is the connection active?`);
  return nudge.job;
}

/** With the watermark from which the failed run asked for changes. */
function stateFor(
  failure: FetchedFailure,
  driver: PartnerDriver,
  run: NonNullable<FetchedFailure["run"]>,
): ResourceState {
  const overlapMs = driver.resources[run.resource]?.increment?.overlapMs ?? 0;
  return {
    partner: failure.partner,
    connectionId: failure.connection?.connectionId ?? "-",
    resource: run.resource,
    nextDueMs: null,
    activeRunId: null,
    watermarkMs: run.since === null ? null : Date.parse(run.since) + overlapMs,
    fullPassAtMs: null,
    succeededAtMs: null,
    lastError: null,
    revision: 1,
  };
}

function runOutcome(run: Awaited<ReturnType<ReplayWorld["ports"]["runs"]["read"]>>): ReplayOutcome {
  if (run === null || run.status.kind === "done") return { kind: "done" };
  if (run.status.kind === "failed") return { kind: "failed", message: `the run failed: ${run.status.code}` };
  return { kind: "again", message: `the run waits: ${run.status.waiting ?? "for its next turn"}` };
}
