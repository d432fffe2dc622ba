import { join } from "node:path";
import * as z from "zod";
import { openDurableJson, type DurableJson } from "../durable-json.ts";

/** A firing whose target has not finished with it; fired again after a restart. */
export interface Firing {
  readonly executionId: string;
  readonly scheduledMs: number;
}

export interface ScheduleState {
  /** The expression that `nextMs` was computed from; another one begins anew. */
  readonly expression: string;
  /** When the schedule began; rates count from here. */
  readonly anchorMs: number;
  readonly nextMs: number | null;
  readonly firings: readonly Firing[];
}

export type ScheduleStates = Readonly<Record<string, ScheduleState>>;

const schema = z.record(
  z.string(),
  z.object({
    expression: z.string(),
    anchorMs: z.number(),
    nextMs: z.number().nullable(),
    firings: z.array(z.object({ executionId: z.string(), scheduledMs: z.number() })),
  }),
);

export function openScheduleStates(dataDir: string): DurableJson<ScheduleStates> {
  return openDurableJson<ScheduleStates>(join(dataDir, "schedules.json"), schema, {});
}
