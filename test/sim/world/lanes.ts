import { writeDeadLetter } from "../../../lib/engine/dead-letter.ts";
import type { Job, Lane } from "../../../lib/engine/job.ts";
import type { GiveUp, LaneDepth, LaneGauge, Lanes } from "../../../lib/engine/ports.ts";
import type { Ground } from "../kernel/ground.ts";
import type { SimulatedQueue } from "./queue.ts";

const delayMsMax = 900_000;

export interface PartnerQueues {
  readonly lanes: Readonly<Record<Lane, SimulatedQueue>>;
  readonly deadLetters: SimulatedQueue;
}

/** The lanes of all partners on their queues. */
export class SimulatedLanes implements Lanes, LaneGauge {
  readonly #ground: Ground;
  readonly #queues: ReadonlyMap<string, PartnerQueues>;

  constructor(ground: Ground, queues: ReadonlyMap<string, PartnerQueues>) {
    this.#ground = ground;
    this.#queues = queues;
  }

  async send(job: Job, delayMs: number): Promise<void> {
    if (!(delayMs >= 0 && delayMs <= delayMsMax))
      throw new RangeError(`a lane delays from 0 to 900000 ms, not ${delayMs}`);
    this.#of(job.partner).lanes[job.lane].send(JSON.stringify(job), delayMs);
    this.#ground.tell({ kind: "job-sent", job, delayMs, by: this.#ground.actor });
  }

  async giveUp(job: Job, why: GiveUp): Promise<void> {
    this.#of(job.partner).deadLetters.send(writeDeadLetter(job, why), 0);
    this.#ground.coverage.count(`gave up: ${why.code}`);
    this.#ground.tell({ kind: "gave-up", job, why });
  }

  async depth(partner: string, lane: Lane): Promise<LaneDepth> {
    const messages = this.#of(partner).lanes[lane].all();
    return { waiting: messages.length, inFlight: 0, delayed: 0 };
  }

  #of(partner: string): PartnerQueues {
    const queues = this.#queues.get(partner);
    if (queues === undefined) throw new Error(`no queues of ${partner}`);
    return queues;
  }
}
