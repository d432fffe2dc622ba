import type { Lane } from "./job.ts";

/** Takes messages from a lane by hand, for when the functions behind it do not. */
export interface LaneReader {
  /** At most ten; none after a short wait is as good as an empty lane. What is not removed comes back after the lane's visibility timeout. */
  receive(partner: string, lane: Lane, limit: number): Promise<readonly LaneMessage[]>;
  /** Only after the message's work is done: until then the message is the only copy. */
  remove(partner: string, lane: Lane, message: LaneMessage): Promise<void>;
}

export interface LaneMessage {
  readonly messageId: string;
  readonly body: string;
  /** Of this one receive: what removes the message. */
  readonly receipt: string;
}
