import { startMs } from "../support/memory-ports.ts";
import { invariants } from "./invariants/index.ts";
import { Coverage } from "./kernel/coverage.ts";
import { EventLoop } from "./kernel/event-loop.ts";
import type { Ground } from "./kernel/ground.ts";
import { Prng } from "./kernel/prng.ts";
import { SimulationFailure } from "./kernel/simulation-failure.ts";
import { Trace } from "./kernel/trace.ts";
import { drawConditions } from "./world/conditions.ts";
import type { Conditions } from "./world/conditions.ts";
import type { SimulationEvent } from "./world/events.ts";
import { World } from "./world/world.ts";

export interface SimulationResult {
  readonly seed: number;
  /** Of everything that happened, in order: the same seed and the same code have the same. */
  readonly digest: string;
  readonly events: number;
  readonly timers: number;
  readonly coverage: Coverage;
  readonly conditions: Conditions;
  readonly failure: { readonly invariant: string; readonly message: string; readonly trace: string } | null;
}

/** One world from its beginning to its rest. The seed decides everything. */
export async function simulate(seed: number, show: ((line: string) => void) | null = null): Promise<SimulationResult> {
  const prng = new Prng(`seed ${seed}`);
  const conditions = drawConditions(prng.fork("conditions"));
  const loop = new EventLoop(startMs);
  const trace = new Trace(startMs, show);
  const coverage = new Coverage();
  let isFaulty = true;
  const observers: ((event: SimulationEvent) => void)[] = [];
  const ground: Ground = {
    loop,
    trace,
    coverage,
    actor: "nobody",
    isFaulty: () => isFaulty,
    tell: (event) => {
      for (const observe of observers) observe(event);
    },
  };
  const world = new World(ground, prng.fork("world"), conditions);
  const conclusions: (() => void)[] = [];
  for (const [name, invariantOf] of Object.entries(invariants)) {
    const invariant = invariantOf(world, (message) => loop.fail(new SimulationFailure(name, message)));
    if (invariant.observe !== undefined) observers.push(invariant.observe);
    if (invariant.conclude !== undefined) conclusions.push(invariant.conclude);
  }
  const result = { seed, coverage, conditions };
  let timers = 0;
  try {
    await world.start();
    timers += await loop.runUntil(startMs + conditions.mainMs);
    isFaulty = false;
    trace.add(loop.nowMs(), "the faults stop");
    ground.tell({ kind: "rest-began" });
    world.rest();
    timers += await loop.runUntil(startMs + conditions.mainMs + conditions.restMs);
    for (const conclude of conclusions) conclude();
    loop.throwIfFailed();
    return { ...result, digest: trace.digest(), events: trace.events, timers, failure: null };
  } catch (error) {
    if (!(error instanceof SimulationFailure)) throw error;
    const failure = { invariant: error.invariant, message: error.message, trace: trace.end() };
    return { ...result, digest: trace.digest(), events: trace.events, timers, failure };
  }
}
