import * as z from "zod";

/** What the operator's commands read of how a partner stands; with --json the rest is passed on as it came. */

export const HeldView = z.looseObject({
  what: z.enum(["paused", "draining", "breaker"]),
  since: z.string(),
  by: z.string().nullable(),
  why: z.string(),
  toDo: z.string(),
});
export type HeldView = z.infer<typeof HeldView>;

const Depth = z.looseObject({ waiting: z.number(), inFlight: z.number(), delayed: z.number() });
const Canary = z.looseObject({ sentAt: z.string(), consumedAt: z.string() }).nullable();

export const PartnerStanding = z.looseObject({
  partner: z.string(),
  at: z.string(),
  held: z.array(HeldView),
  lanes: z.record(z.string(), Depth),
  parked: z.number(),
  activeRuns: z.number(),
  activeRunsCountedMax: z.number(),
  empty: z.boolean(),
  canaries: z.record(z.string(), Canary),
});
export type PartnerStanding = z.infer<typeof PartnerStanding>;
