import type { Ground } from "../kernel/ground.ts";
import type { Ended } from "./simulated-function.ts";
import type { RecordChange } from "./record-store.ts";

const batchMax = 20;
const retryMs = 2_000;

/** The records' stream: in order, at least once; a batch that fails comes again from what failed, or from its start when its worker died. */
export class RecordStream {
  readonly #ground: Ground;
  readonly #changes: readonly RecordChange[];
  /** @returns how many of the batch were published. */
  readonly #publish: (batch: readonly RecordChange[]) => Promise<Ended<number>>;
  #position = 0;
  #isReading = false;

  constructor(
    ground: Ground,
    changes: readonly RecordChange[],
    publish: (batch: readonly RecordChange[]) => Promise<Ended<number>>,
  ) {
    this.#ground = ground;
    this.#changes = changes;
    this.#publish = publish;
  }

  wake(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#ground.loop.after(200, () => void this.#read());
  }

  /** How many changes nobody has been told of. */
  behind(): number {
    return this.#changes.length - this.#position;
  }

  async #read(): Promise<void> {
    while (this.#position < this.#changes.length) {
      const batch = this.#changes.slice(this.#position, this.#position + batchMax);
      const ended = await this.#publish(batch);
      const published = ended.kind === "returned" ? ended.value : 0;
      if (published < batch.length) {
        this.#ground.coverage.count("stream batch came again");
        await this.#ground.loop.sleep(retryMs);
      }
      this.#position += published;
    }
    this.#isReading = false;
  }
}
