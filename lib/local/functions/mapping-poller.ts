import type { MappingPollState } from "../types.ts";

/** The states that UpdateEventSourceMapping shows; changes are asynchronous here as on AWS. */
export type MappingState = MappingPollState;

/** What moves events from one source to one function. */
export interface MappingPoller {
  start(): void;
  /** Returns at once; the state follows when the poll in hand is over. */
  setEnabled(enabled: boolean): void;
  state(): MappingState;
  /** Takes nothing more and resolves when what was taken is finished. */
  stop(): Promise<void>;
}
