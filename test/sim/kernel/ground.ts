import type { SimulationEvent } from "../world/events.ts";
import type { Coverage } from "./coverage.ts";
import type { EventLoop } from "./event-loop.ts";
import type { Trace } from "./trace.ts";

/** What every part of the simulated world stands on. */
export interface Ground {
  readonly loop: EventLoop;
  readonly trace: Trace;
  readonly coverage: Coverage;
  /** Tells the invariants what has just taken effect, and who did it. */
  tell(event: SimulationEvent): void;
  /** Which worker's call is taking effect; effects never overlap. */
  actor: string;
  /** False once the faults have stopped. */
  isFaulty(): boolean;
}
