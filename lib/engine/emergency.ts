import * as z from "zod";

/** More than this in one invocation, and the caller would not wait for its end. */
export const emergencyCountMax = 500;

/** What the emergency function is invoked with. */
export const EmergencyOrder = z.strictObject({
  lane: z.enum(["webhooks", "imports"]),
  /** At most so many messages are taken. */
  count: z.int().min(1).max(emergencyCountMax),
});
export type EmergencyOrder = z.infer<typeof EmergencyOrder>;

const Count = z.int().min(0);

/** What it answers with. */
export const EmergencyReport = z.discriminatedUnion("kind", [
  /** Nothing was taken: the partner may not be called now, so its messages are better off where they are. */
  z.object({ kind: z.literal("held"), why: z.string() }),
  z.object({
    kind: z.literal("worked"),
    /** Messages taken from the lane. */
    received: Count,
    /** Of those, what is out of the lane for good: done, sent again for later, skipped or given up; as below. */
    removed: Count,
    done: Count,
    deferred: Count,
    skipped: Count,
    givenUp: Count,
    /** Still on the lane: the work failed on our side, or the message is no job. They come back by themselves. */
    left: Count,
    ended: z.enum(["empty", "count", "time"]),
  }),
]);
export type EmergencyReport = z.infer<typeof EmergencyReport>;

/** Runs a partner's emergency function once and waits for its answer; null when the partner's stack is not there. Rejects when it fails. */
export type WorkInEmergency = (partner: string, order: EmergencyOrder) => Promise<EmergencyReport | null>;
