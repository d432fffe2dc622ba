import type { EventLoop } from "../../../sim/kernel/event-loop.ts";
import type { Job } from "./job-queue.ts";

export interface Sent {
  readonly kind: "accepted" | "refused";
  /** How long the partner asks a refused one to stay away. */
  readonly retryAfterMs: number;
}

export interface Refused {
  readonly job: Job;
  readonly grantId: string;
  readonly retryAfterMs: number;
}

/** One worker's calls that are not yet answered; they overlap. */
export class CallsUnderWay {
  readonly #loop: EventLoop;
  readonly #send: (job: Job) => Promise<Sent>;
  readonly #open = new Set<Promise<void>>();
  #untilMs = 0;
  #calledMs = 0;
  #refused: Refused[] = [];

  constructor(loop: EventLoop, send: (job: Job) => Promise<Sent>) {
    this.#loop = loop;
    this.#send = send;
  }

  begin(job: Job, grantId: string): void {
    const call = this.#call(job, grantId);
    this.#open.add(call);
    void call.finally(() => this.#open.delete(call));
  }

  async allAnswered(): Promise<void> {
    await Promise.all(this.#open);
  }

  /** Those that the partner refused since this was asked last. */
  takeRefused(): readonly Refused[] {
    const refused = this.#refused;
    this.#refused = [];
    return refused;
  }

  /** So long at least one of those that ended was under way, since this was asked last. */
  takeCalledMs(): number {
    const calledMs = this.#calledMs;
    this.#calledMs = 0;
    return calledMs;
  }

  async #call(job: Job, grantId: string): Promise<void> {
    const sentMs = this.#loop.nowMs();
    const { kind, retryAfterMs } = await this.#send(job);
    const nowMs = this.#loop.nowMs();
    this.#calledMs += Math.max(0, nowMs - Math.max(sentMs, this.#untilMs));
    this.#untilMs = Math.max(this.#untilMs, nowMs);
    if (kind === "refused") this.#refused.push({ job, grantId, retryAfterMs });
  }
}
