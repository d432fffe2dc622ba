import type { Ground } from "../kernel/ground.ts";
import type { Prng } from "../kernel/prng.ts";
import type { Message, SimulatedQueue } from "./queue.ts";
import type { Ended } from "./simulated-function.ts";

export interface MappingSettings {
  readonly batchMax: number;
  readonly concurrency: number;
  readonly lostDelete: number;
}

/** What of a batch failed, by message id: those come again, the others are deleted. */
export type BatchWork = (batch: readonly Message[]) => Promise<Ended<readonly string[]>>;

/** Lambda's poller of one queue: takes batches while it is enabled, and deletes what was done. Being switched takes a while. */
export class EventSourceMapping {
  readonly #ground: Ground;
  readonly #prng: Prng;
  readonly #queue: SimulatedQueue;
  readonly #settings: MappingSettings;
  readonly #work: BatchWork;
  #isEnabled = true;
  #isChanging = false;
  #underWay = 0;

  constructor(ground: Ground, prng: Prng, queue: SimulatedQueue, settings: MappingSettings, work: BatchWork) {
    this.#ground = ground;
    this.#prng = prng;
    this.#queue = queue;
    this.#settings = settings;
    this.#work = work;
    queue.onVisible = () => this.#poll();
  }

  state(): "enabled" | "disabled" | "changing" {
    if (this.#isChanging) return "changing";
    return this.#isEnabled ? "enabled" : "disabled";
  }

  isPolling(): boolean {
    return this.#isEnabled;
  }

  /** Takes hold some seconds later. */
  set(enabled: boolean): void {
    this.#isChanging = true;
    this.#ground.loop.after(this.#prng.between(500, 20_000), () => {
      this.#isChanging = false;
      this.#isEnabled = enabled;
      this.#ground.coverage.count(enabled ? "mapping enabled" : "mapping disabled");
      this.#ground.trace.add(this.#ground.loop.nowMs(), `mapping of ${this.#queue.name} ${this.state()}`);
      this.#poll();
    });
  }

  #poll(): void {
    while (this.#isEnabled && this.#underWay < this.#settings.concurrency && this.#queue.hasVisible()) {
      const batch = this.#queue.receive(this.#prng.int(1, this.#settings.batchMax));
      if (batch.length > 0) void this.#deliver(batch);
    }
  }

  async #deliver(batch: readonly Message[]): Promise<void> {
    this.#underWay += 1;
    const ended = await this.#work(batch);
    this.#underWay -= 1;
    const failed = new Set(ended.kind === "returned" ? ended.value : batch.map((message) => message.id));
    for (const message of batch) {
      if (failed.has(message.id)) continue;
      if (this.#ground.isFaulty() && this.#prng.chance(this.#settings.lostDelete))
        this.#ground.coverage.count("deletion lost");
      else this.#queue.delete(message.id);
    }
    this.#poll();
  }
}
