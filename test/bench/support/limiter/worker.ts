import type { EventLoop } from "../../../sim/kernel/event-loop.ts";
import type { Prng } from "../../../sim/kernel/prng.ts";
import { CallsUnderWay } from "./calls-under-way.ts";
import type { Sent } from "./calls-under-way.ts";
import type { Admission, Answer, WorkerClock } from "./contender.ts";
import type { Job, JobQueue } from "./job-queue.ts";
import { world } from "./scenario.ts";

export interface WorkerParts {
  readonly loop: EventLoop;
  readonly clock: WorkerClock;
  readonly random: Prng;
  readonly queue: JobQueue;
  readonly admission: Admission;
  readonly sleepMsMax: number;
  /** A run has always a batch of calls in hand, and is one message; messages of single jobs become fewer. */
  readonly endless: boolean;
  send(job: Job): Promise<Sent>;
  /** So much longer the worker was paid while none of its calls was under way; what is under way is taken off when it ends. */
  waited(paidMs: number): void;
}

/** Takes work for ever: asks for all that is in hand, sends every call at its time, and takes refused ones up again. */
export async function work(parts: WorkerParts): Promise<never> {
  for (;;) {
    const jobs = await parts.queue.take();
    await doAll(parts, jobs, new CallsUnderWay(parts.loop, parts.send));
  }
}

async function doAll(parts: WorkerParts, jobs: readonly Job[], calls: CallsUnderWay): Promise<void> {
  const { clock, admission } = parts;
  let left = inHand(parts, jobs);
  let notedMs = parts.loop.nowMs();
  const noteWaiting = (): void => {
    parts.waited(parts.loop.nowMs() - notedMs - calls.takeCalledMs());
    notedMs = parts.loop.nowMs();
  };
  for (;;) {
    if (left.length === 0) await calls.allAnswered();
    noteWaiting();
    const refused = await takeRefused(parts, calls);
    left.push(...refused.jobs);
    if (left.length === 0) return;
    let waitUntilMs = refused.retryAtMs;
    if (waitUntilMs <= clock.nowMs()) {
      const answer = await admission.ask(left.length, clock.nowMs() + world.patienceMs);
      if (answer.kind === "granted") {
        left = inHand(parts, await sendDated(parts, answer, left, calls));
        continue;
      }
      waitUntilMs = answer.retryAtMs;
    }
    if (waitUntilMs - clock.nowMs() <= parts.sleepMsMax) {
      await clock.sleep(Math.max(1, waitUntilMs - clock.nowMs()));
      continue;
    }
    putBack(parts, left, waitUntilMs);
    left = [];
    if (!parts.endless) continue;
    await calls.allAnswered();
    return noteWaiting();
  }
}

function inHand({ endless, loop }: WorkerParts, left: readonly Job[]): Job[] {
  if (!endless) return [...left];
  const fresh = Array.from({ length: world.batch - left.length }, () => ({ releasedAtMs: loop.nowMs() }));
  return [...left, ...fresh];
}

/** @returns what was not sent: no date for it, or too late for its date */
async function sendDated(
  { clock }: WorkerParts,
  granted: Extract<Answer, { kind: "granted" }>,
  jobs: readonly Job[],
  calls: CallsUnderWay,
): Promise<readonly Job[]> {
  const left = [...jobs];
  for (const sendAtMs of granted.sendAtMs) {
    const earlyMs = sendAtMs - clock.nowMs();
    if (earlyMs > 0) await clock.sleep(earlyMs);
    if (clock.nowMs() > sendAtMs + granted.lateMsMax) continue;
    const job = left.shift();
    if (job !== undefined) calls.begin(job, granted.id);
  }
  return left;
}

/** Tells the limiter of each refusal; the latest time that the partner named is to be waited for. */
async function takeRefused(
  { clock, admission }: WorkerParts,
  calls: CallsUnderWay,
): Promise<{ readonly jobs: readonly Job[]; readonly retryAtMs: number }> {
  const refused = calls.takeRefused();
  const nowMs = clock.nowMs();
  for (const { grantId, retryAfterMs } of refused) await admission.refused(grantId, nowMs + retryAfterMs);
  const retryAtMs = Math.max(0, ...refused.map(({ retryAfterMs }) => nowMs + retryAfterMs));
  return { jobs: refused.map(({ job }) => job), retryAtMs };
}

/** The queue delays by whole seconds, and takes a moment itself. */
function putBack(parts: WorkerParts, jobs: readonly Job[], retryAtMs: number): void {
  const delayMs = Math.ceil(Math.max(0, retryAtMs - parts.clock.nowMs()) / 1_000) * 1_000;
  const queueMs = parts.random.between(world.queueMs.min, world.queueMs.max);
  parts.queue.put(parts.endless ? jobs.slice(0, 1) : jobs, parts.loop.nowMs() + delayMs + queueMs);
}
