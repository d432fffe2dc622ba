import type { Lane } from "../../../lib/engine/job.ts";
import type { LaneMessage, LaneReader } from "../../../lib/engine/lane-reader.ts";

/** A lane by hand: messages that are taken are hidden until they are removed or put back. */
export class MemoryLaneReader implements LaneReader {
  readonly hidden: LaneMessage[] = [];
  readonly removed: string[] = [];
  readonly #visible: LaneMessage[] = [];
  #receives = 0;

  add(messageId: string, body: string): void {
    this.#visible.push({ messageId, body, receipt: "" });
  }

  /** What a visibility timeout does. */
  putBack(): void {
    this.#visible.push(...this.hidden.splice(0));
  }

  async receive(_partner: string, _lane: Lane, limit: number): Promise<readonly LaneMessage[]> {
    this.#receives += 1;
    const taken = this.#visible.splice(0, Math.min(10, limit)).map((message) => ({
      ...message,
      receipt: `${message.messageId}, receive ${this.#receives}`,
    }));
    this.hidden.push(...taken);
    return taken;
  }

  async remove(_partner: string, _lane: Lane, { receipt, messageId }: LaneMessage): Promise<void> {
    const index = this.hidden.findIndex((message) => message.receipt === receipt);
    if (index === -1) throw new Error(`the receipt of ${messageId} is of an older receive`);
    this.hidden.splice(index, 1);
    this.removed.push(messageId);
  }
}
