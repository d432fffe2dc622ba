import type { Deliveries } from "../../../lib/engine/ports.ts";

export class MemoryDeliveries implements Deliveries {
  readonly #until = new Map<string, number>();

  get size(): number {
    return this.#until.size;
  }

  async isDone(partner: string, key: string): Promise<boolean> {
    return this.#until.has(JSON.stringify([partner, key]));
  }

  async markDone(partner: string, key: string, untilMs: number): Promise<void> {
    this.#until.set(JSON.stringify([partner, key]), untilMs);
  }
}
