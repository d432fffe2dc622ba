import { fullJitterMs } from "../engine/backoff.ts";
import type { PartnerDriver, ResourceDriver } from "../engine/define-partner.ts";
import { PartnerError } from "../engine/errors.ts";
import type { Job, PushWork } from "../engine/job.ts";
import { nudgeFor } from "../engine/nudge.ts";
import type { Connection, Ports } from "../engine/ports.ts";
import { advance, leave, putOff, receiveNudge, runAttemptsMax, sequenceMax } from "../engine/run.ts";
import type { Position, Run } from "../engine/run.ts";
import { pushCascade } from "./cascade.ts";
import { confirmDeletions } from "./confirm-deletions.ts";
import { failRun } from "./fail-run.ts";
import { finishRun } from "./finish-run.ts";
import type { FinishPorts } from "./finish-run.ts";
import { isHeld, waitForPerson } from "./held.ts";
import { importPage } from "./import-page.ts";
import type { ImportPorts } from "./import-page.ts";
import type { ImportPlace, PageOutcome } from "./import-place.ts";
import { openFullPass } from "./full-pass.ts";
import { done } from "./outcome.ts";
import type { Outcome, WorkContext } from "./outcome.ts";
import { TokensAhead } from "./tokens-ahead.ts";
import { watchDrift } from "./watch-drift.ts";

export type PushPorts = ImportPorts & FinishPorts & Pick<Ports, "runs" | "lanes" | "random" | "log" | "connections">;

const backoffBaseMs = 2_000;
const backoffMsMax = 1_800_000;
/** Bounds one worker's turn, so that runs of one lane take turns too. */
const pagesMax = 200;
const readsMax = 3;

/**
 * Pushes a run on: takes its lease, imports pages until the time is up, and leaves. A page's records are saved before the
 * checkpoint passes them; leaving names the next nudge before it is sent. Whatever dies in between is found by the sweeper.
 */
export async function pushRun(
  ports: PushPorts,
  driver: PartnerDriver,
  job: Job,
  work: PushWork,
  context: WorkContext,
): Promise<Outcome> {
  const taken = await takeLease(ports, driver, job, work, context);
  if (taken.kind !== "taken") return taken;
  const resource = driver.resources[taken.run.resource];
  const connection = await ports.connections.read(driver.name, taken.run.connectionId);
  if (resource === undefined || connection === null) {
    const actual = resource === undefined ? "unknown-resource" : "connection-removed";
    await failRun(ports, taken.run, cannotGoOn(driver, taken.run, actual), `${taken.run.resource} run`);
    return done;
  }
  if (connection.status !== "active") {
    const { untilMs, reason } = waitForPerson(connection.status, ports.clock.nowMs());
    await depart(ports, taken.run, { notBeforeMs: untilMs, waiting: reason, failed: false });
    return done;
  }
  await importPages(ports, { driver, resource, connection }, taken.run, context);
  return done;
}

async function takeLease(
  ports: PushPorts,
  driver: PartnerDriver,
  job: Job,
  work: PushWork,
  context: WorkContext,
): Promise<{ kind: "taken"; run: Run } | Outcome> {
  if (job.connectionId === null) return done;
  for (let read = 0; read < readsMax; read++) {
    const run = await ports.runs.read(driver.name, job.connectionId, work.runId);
    if (run === null) return done;
    const verdict = receiveNudge(run, work, context.workerId, ports.clock.nowMs());
    if (verdict.kind === "wait") return { kind: "wait", untilMs: verdict.untilMs, reason: "lease" };
    if (verdict.kind === "drop") {
      ports.metrics.count("NudgesDropped", 1, { partner: driver.name, kind: verdict.why });
      return done;
    }
    if ((await ports.runs.compareAndSet(verdict.run)) === "stored") return { kind: "taken", run: verdict.run };
    // Another worker moved the run between our read and our write: look again at what it is now.
  }
  return { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "lease" };
}

interface Place {
  readonly driver: PartnerDriver;
  readonly resource: ResourceDriver;
  readonly connection: Connection;
}

async function importPages(ports: PushPorts, place: Place, taken: Run, context: WorkContext): Promise<void> {
  const drift = watchDrift(ports, place.driver, taken);
  const tokens = new TokensAhead(ports, place.driver);
  await pushPages({ ...ports, drift }, { ...place, tokens }, taken, context);
  await tokens.giveBack();
  // After all else: dying before it, the run goes on all the same.
  await drift.keep();
}

async function pushPages(
  ports: PushPorts,
  place: Place & Pick<ImportPlace, "tokens">,
  taken: Run,
  context: WorkContext,
): Promise<void> {
  let run = taken;
  const pass = openFullPass(ports, place.resource, taken, context.workerId);
  for (let page = 0; page < pagesMax; page++) {
    const { position } = run.checkpoint;
    if (position.kind === "end") return finishRun(ports, place.resource, run);
    const outcome = await step(ports, { ...place, run, pass }, position, context);
    if (outcome.progress !== null) {
      const next = advance(
        noted(run, outcome),
        outcome.position,
        outcome.progress,
        context.workerId,
        ports.clock.nowMs(),
      );
      const isWorthStoring = isWorthCheckpoint(run, next);
      if (isWorthStoring) await pass?.keepSeen(next);
      if (isWorthStoring && (await ports.runs.compareAndSet(next)) === "superseded") return lostLease(ports, run);
      // What is not stored now goes with the next step that is: dying before it costs a look at the same pages.
      run = isWorthStoring ? next : { ...next, revision: run.revision, updatedAtMs: run.updatedAtMs };
    }
    if (outcome.kind === "stopped") {
      await pass?.keepSeen(run);
      return stop(ports, place.driver, run, outcome);
    }
    if (ports.clock.nowMs() >= context.deadlineMs) break;
  }
  if (run.checkpoint.position.kind === "end") return finishRun(ports, place.resource, run);
  await pass?.keepSeen(run);
  await depart(ports, run, { notBeforeMs: ports.clock.nowMs(), waiting: null, failed: false });
}

function step(
  ports: PushPorts,
  place: ImportPlace,
  position: Exclude<Position, { kind: "end" }>,
  context: WorkContext,
): Promise<PageOutcome> {
  switch (position.kind) {
    case "open":
      return importPage(ports, place, position, context);
    case "cascade":
      return pushCascade(ports, place, position, context);
    case "sweep":
      return confirmDeletions(ports, place, position, context);
  }
}

/** What a page tells of the run as a whole. */
function noted(run: Run, outcome: PageOutcome): Run {
  if (outcome.kind === "stopped") return outcome.mode === undefined ? run : { ...run, mode: outcome.mode };
  const { syncToken } = outcome;
  return syncToken === undefined ? run : { ...run, checkpoint: { ...run.checkpoint, syncToken } };
}

/** Keeps the lease well before it runs out, and what a dead worker's successor has to do again short. */
const checkpointEveryMs = 10_000;

/** A checkpoint is three write units: pages on which nothing changed can be passed over again for less. */
function isWorthCheckpoint(run: Run, next: Run): boolean {
  const isQuiet = next.progress.fetched - next.progress.unchanged === run.progress.fetched - run.progress.unchanged;
  // A look for deletions reads what the pass has kept, and of children nothing else knows which are due.
  if (next.checkpoint.position.kind === "sweep" || isAmongChildren(run) || isAmongChildren(next)) return true;
  return !isQuiet || next.updatedAtMs - run.updatedAtMs >= checkpointEveryMs;
}

function isAmongChildren({ checkpoint }: Run): boolean {
  return checkpoint.position.kind === "cascade";
}

async function stop(
  ports: PushPorts,
  driver: PartnerDriver,
  run: Run,
  outcome: Extract<PageOutcome, { kind: "stopped" }>,
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  if (outcome.why.kind === "wait") {
    return depart(ports, run, { notBeforeMs: outcome.why.untilMs, waiting: outcome.why.reason, failed: false });
  }
  const { error } = outcome.why;
  const attempts = run.attempts + 1;
  ports.log.warn("a run's page failed", {
    runId: run.runId,
    partner: driver.name,
    code: error.code,
    kind: error.kind,
    attempts,
  });
  if (error.kind !== "transient" || attempts >= runAttemptsMax)
    return failRun(ports, run, error, `${run.resource} page`);
  // On top of what the partner asks for, or all that waits for one moment comes back in that moment.
  const delayMs =
    (error.retryAfterMs ?? 0) +
    fullJitterMs(attempts, { baseMs: backoffBaseMs, delayMsMax: backoffMsMax }, ports.random);
  return depart(ports, run, { notBeforeMs: nowMs + delayMs, waiting: error.code, failed: true });
}

/** Leaves the run to its next worker: stored first, sent after, so that a nudge never arrives before what it speaks of. */
async function depart(
  ports: PushPorts,
  run: Run,
  next: { notBeforeMs: number; waiting: string | null; failed: boolean },
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  if (run.sequence >= sequenceMax) {
    const message = `Run ${run.runId} was pushed ${run.sequence} times without an end; its pages never stop. Look at the driver's page strategy.`;
    const error = new PartnerError({
      code: "endless-run",
      kind: "data",
      partner: run.partner,
      message,
      cause: { expected: "a last page", actual: `${run.progress.pages} pages` },
    });
    return failRun(ports, run, error, `${run.resource} run`);
  }
  const { waiting } = next;
  const nudgeId = ports.random.id();
  const held = waiting !== null && isHeld(waiting);
  const left = held ? putOff(run, { ...next, waiting, nudgeId }, nowMs) : leave(run, { ...next, nudgeId }, nowMs);
  if ((await ports.runs.compareAndSet(left)) === "superseded") return lostLease(ports, run);
  if (!held) await ports.lanes.send(nudgeFor(left, nowMs), Math.min(delayMsMax, Math.max(0, left.notBeforeMs - nowMs)));
}

/** SQS delays no message longer; a nudge that comes before its time is a wait, which sends it again. */
const delayMsMax = 900_000;

function lostLease(ports: PushPorts, run: Run): void {
  ports.metrics.count("LeasesLost", 1, { partner: run.partner });
  ports.log.warn("another worker has taken the run over; this one stops", { runId: run.runId, partner: run.partner });
}

function cannotGoOn(driver: PartnerDriver, run: Run, actual: string): PartnerError {
  const message = `${driver.title}: run ${run.runId} cannot go on (${actual}). Mend the driver or connect the account again; then start a new import.`;
  return new PartnerError({
    code: actual,
    kind: "client",
    partner: driver.name,
    message,
    cause: { expected: "a connection and a known resource", actual },
  });
}
