import type { Cursor } from "../run.ts";
import { PageShapeError } from "./page-strategy.ts";

/** The part of a cursor that notices pages which lead back to where they have been. */
export interface CircleWatch extends Cursor {
  readonly seen: string | null;
  readonly steps: number;
  readonly stepsMax: number;
}

/**
 * Takes one step to `place` (a page's cursor, as text), and throws if the pages go in a circle: one place is kept and
 * compared with every next one, and replaced after 1, 2, 4, 8… steps. So a circle of any length is found within three
 * times its length (Brent's algorithm), with a state that does not grow, where a list of all places would.
 *
 * @throws PageShapeError when the place has been seen.
 */
export function stepTo(place: string, former: Cursor | null): CircleWatch {
  const watch = former === null ? { seen: null, steps: 0, stepsMax: 1 } : watchIn(former);
  if (watch.seen === place) throw new PageShapeError("a page after the former ones", "a page that was there before");
  const steps = watch.steps + 1;
  if (steps < watch.stepsMax) return { ...watch, steps };
  return { seen: place, steps: 0, stepsMax: watch.stepsMax * 2 };
}

function watchIn(cursor: Cursor): CircleWatch {
  const { seen, steps, stepsMax } = cursor;
  return {
    seen: typeof seen === "string" ? seen : null,
    steps: typeof steps === "number" ? steps : 0,
    stepsMax: typeof stepsMax === "number" ? stepsMax : 1,
  };
}
