import type { ChangeEvent } from "../../../lib/engine/change-event.ts";
import type { ChangeBus } from "../../../lib/engine/ports.ts";

/** Keeps what it was told, and refuses while it is told to. */
export class MemoryChangeBus implements ChangeBus {
  readonly published: ChangeEvent[] = [];
  refuses = false;

  async publish(events: readonly ChangeEvent[]): Promise<void> {
    if (events.length > 10) throw new RangeError(`a call of the bus takes 10 events, not ${events.length}`);
    if (this.refuses) throw new Error("the bus does not take events just now");
    this.published.push(...structuredClone(events));
  }
}
