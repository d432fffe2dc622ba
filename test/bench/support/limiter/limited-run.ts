import { EventLoop } from "../../../sim/kernel/event-loop.ts";
import type { Prng } from "../../../sim/kernel/prng.ts";
import { strictPartner } from "../../../support/judges/strict-partner.ts";
import { workerClock } from "./contender.ts";
import type { Contender } from "./contender.ts";
import type { Sent } from "./calls-under-way.ts";
import { JobQueue } from "./job-queue.ts";
import type { Job } from "./job-queue.ts";
import { MeteredStore } from "./metered-store.ts";
import { limitsOf, world } from "./scenario.ts";
import type { Quota } from "./scenario.ts";
import { work } from "./worker.ts";

/** Jobs of some connections, and the workers that do nothing else. */
export interface Group {
  readonly workers: number;
  connectionOf(worker: number): string;
  /** Each worker pushes a run on, and runs have no end. */
  readonly endless: boolean;
}

/** What became of a group's jobs. */
export interface Tally {
  /** When each accepted call was sent, how long its job had waited by then, and until it was answered. */
  readonly sentAtMs: number[];
  readonly waitsMs: number[];
  readonly answeredMs: number[];
  readonly open: Set<Job>;
  /** Calls that the partner answered with 429. */
  refused: number;
  /** Workers paid while none of their calls was under way. */
  paidWaitMs: number;
}

export interface OpenGroup {
  readonly tally: Tally;
  /** So many jobs more, now. */
  release(count: number): void;
}

/** One contender, one partner, one store, one time. Clocks, ways and latencies are the seed's. */
export class LimitedRun {
  readonly loop = new EventLoop(world.startMs);
  readonly store: MeteredStore;
  readonly partner;
  readonly #contender: Contender;
  readonly #admissionFor;
  readonly #seeded: Prng;
  readonly #path: Prng;
  #workers = 0;
  #calls = 0;

  constructor(contender: Contender, quota: Quota, seeded: Prng) {
    this.#contender = contender;
    this.#seeded = seeded;
    this.#path = seeded.fork("path");
    this.store = new MeteredStore(this.loop, seeded.fork("store"));
    this.#admissionFor = contender.open({ quota, store: this.store });
    this.partner = strictPartner(limitsOf(quota));
  }

  open(group: Group): OpenGroup {
    const queue = new JobQueue(this.loop, group.endless ? 1 : world.batch);
    const tally: Tally = { sentAtMs: [], waitsMs: [], answeredMs: [], open: new Set(), refused: 0, paidWaitMs: 0 };
    for (let worker = 0; worker < group.workers; worker += 1) {
      const connectionId = group.connectionOf(worker);
      this.loop.at(world.startMs + worker * world.startApartMs, () =>
        this.#startWorker(queue, connectionId, tally, group.endless),
      );
    }
    return {
      tally,
      release: (count) => {
        const jobs = Array.from({ length: count }, () => ({ releasedAtMs: this.loop.nowMs() }));
        for (const job of jobs) tally.open.add(job);
        queue.put(jobs, this.loop.nowMs());
      },
    };
  }

  #startWorker(queue: JobQueue, connectionId: string, tally: Tally, endless: boolean): void {
    const { loop } = this;
    const random = this.#seeded.fork(`worker ${(this.#workers += 1)}`);
    const offsetMs = random.between(-world.clockOffsetMs, world.clockOffsetMs);
    const clock = workerClock(loop, random, { offsetMs, wakeLateMs: world.wakeLateMs });
    const running = work({
      loop,
      clock,
      random,
      queue,
      admission: this.#admissionFor({ connectionId, clock, random }),
      sleepMsMax: this.#contender.sleepMsMax,
      endless,
      send: (job) => this.#send(job, tally),
      waited: (paidMs) => void (tally.paidWaitMs += paidMs),
    });
    running.catch((error: unknown) => loop.fail(error instanceof Error ? error : new Error(String(error))));
  }

  #send(job: Job, tally: Tally): Promise<Sent> {
    const { loop } = this;
    const sentAtMs = loop.nowMs();
    const id = String((this.#calls += 1));
    return new Promise((resolve) => {
      loop.after(this.#path.between(world.pathMs.min, world.pathMs.max), () => {
        const verdict = this.partner.arrive({ atMs: loop.nowMs(), weight: 1, bucket: "list", id });
        if (verdict.kind === "accepted") {
          tally.sentAtMs.push(sentAtMs);
          tally.waitsMs.push(sentAtMs - job.releasedAtMs);
          tally.answeredMs.push(loop.nowMs() + world.answerMs - job.releasedAtMs);
          tally.open.delete(job);
        } else tally.refused += 1;
        const retryAfterMs = verdict.kind === "refused" ? verdict.retryAfterMs : 0;
        loop.after(world.answerMs, () => resolve({ kind: verdict.kind, retryAfterMs }));
      });
    });
  }
}
