import type { SimulationEvent } from "../world/events.ts";
import type { World } from "../world/world.ts";

/** Something that holds whatever happens: watched while the world runs, and asked once more when it has come to rest. */
export interface Invariant {
  readonly observe?: (event: SimulationEvent) => void;
  readonly conclude?: () => void;
}

/** Says that the invariant does not hold, and how. */
export type Broken = (message: string) => void;

export type InvariantOf = (world: World, broken: Broken) => Invariant;
