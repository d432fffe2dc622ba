import { Job } from "../../../lib/engine/job.ts";
import type { Lane } from "../../../lib/engine/job.ts";
import type { Clock, GiveUp, LaneDepth, LaneGauge, Lanes } from "../../../lib/engine/ports.ts";

export interface QueuedMessage {
  readonly job: Job;
  readonly sentAtMs: number;
  readonly delayMs: number;
  readonly dueAtMs: number;
}

const delayMsMax = 900_000;
const bytesMax = 1_048_576;

/** Queues whose messages wait, with the time they are due at, until the test takes them. */
export class MemoryLanes implements Lanes, LaneGauge {
  /** What is waiting, in the order of sending. */
  readonly messages: QueuedMessage[] = [];
  /** Everything ever sent, taken or not. */
  readonly sent: QueuedMessage[] = [];
  readonly givenUp: { readonly job: Job; readonly why: GiveUp }[] = [];
  readonly #clock: Clock;
  #unavailable: Error | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async send(job: Job, delayMs: number): Promise<void> {
    if (!(delayMs >= 0 && delayMs <= delayMsMax)) throw new Error(`a lane delays from 0 to 900000 ms, not ${delayMs}`);
    this.#refuseIfUnavailable();
    const sentAtMs = this.#clock.nowMs();
    // SQS delays by whole seconds.
    const message = { job: roundTrip(job), sentAtMs, delayMs, dueAtMs: sentAtMs + Math.ceil(delayMs / 1000) * 1000 };
    this.messages.push(message);
    this.sent.push(message);
  }

  async giveUp(job: Job, why: GiveUp): Promise<void> {
    this.#refuseIfUnavailable();
    this.givenUp.push({ job: roundTrip(job), why: structuredClone(why) });
  }

  async depth(partner: string, lane: Lane): Promise<LaneDepth> {
    const nowMs = this.#clock.nowMs();
    const queued = this.messages.filter(({ job }) => job.partner === partner && job.lane === lane);
    const delayed = queued.filter((message) => message.dueAtMs > nowMs).length;
    return { waiting: queued.length - delayed, inFlight: 0, delayed };
  }

  /** Removes and returns the lane's jobs that are due, oldest first, at most `limit`. */
  take(lane: Lane, nowMs: number, limit = Number.POSITIVE_INFINITY): Job[] {
    const due = this.messages
      .filter((message) => message.job.lane === lane && message.dueAtMs <= nowMs)
      .toSorted((a, b) => a.dueAtMs - b.dueAtMs)
      .slice(0, limit);
    for (const message of due) this.messages.splice(this.messages.indexOf(message), 1);
    return due.map((message) => message.job);
  }

  /** When the next message of a lane is due; null when it is empty. */
  nextDueMs(lane: Lane): number | null {
    const times = this.messages.filter((message) => message.job.lane === lane).map((message) => message.dueAtMs);
    return times.length === 0 ? null : Math.min(...times);
  }

  /** From now on sending rejects with this; null mends it. */
  breakWith(error: Error | null): void {
    this.#unavailable = error;
  }

  #refuseIfUnavailable(): void {
    if (this.#unavailable !== null) throw this.#unavailable;
  }
}

function roundTrip(job: Job): Job {
  const text = JSON.stringify(job);
  if (Buffer.byteLength(text) > bytesMax) throw new Error("the message is larger than SQS takes (1 MiB)");
  return Job.parse(JSON.parse(text));
}
