import * as z from "zod";
import { Job } from "./job.ts";
import type { GiveUp } from "./ports.ts";

/** Why a job gave up, as it stands in a dead letter and in a failure. */
export const GiveUpSchema: z.ZodType<GiveUp> = z.object({
  code: z.string().min(1).max(200),
  kind: z.enum(["transient", "rate", "client", "auth", "data", "stale", "crash"]),
  place: z.string().min(1).max(200),
  message: z.string().max(4096),
  call: z.string().max(4096).nullable(),
  atMs: z.int().min(0),
});

/** What a consumer that gave up sends to the dead-letter queue. */
const DeadLetterContent = z.strictObject({ job: Job, why: GiveUpSchema });

export type DeadLetter =
  /** A consumer gave up and said why. */
  | { readonly kind: "given-up"; readonly job: Job; readonly why: GiveUp }
  /** Nobody said why: the queue redrove it after its last receive, so crashes or time-outs ate its tries. */
  | { readonly kind: "job"; readonly job: Job }
  /** No job at all. */
  | { readonly kind: "unreadable" };

export function writeDeadLetter(job: Job, why: GiveUp): string {
  return JSON.stringify({ job, why });
}

/** Tells a give-up from a bare job from nonsense; never throws. */
export function readDeadLetter(text: string): DeadLetter {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { kind: "unreadable" };
  }
  const letter = DeadLetterContent.safeParse(content);
  if (letter.success) return { kind: "given-up", ...letter.data };
  const job = Job.safeParse(content);
  return job.success ? { kind: "job", job: job.data } : { kind: "unreadable" };
}
