import type { StaleBefore } from "./control.ts";
import type { Job } from "./job.ts";
import { webhookExpiryMs } from "./job.ts";

/**
 * Whether a job was purged: made before somebody said that what is older is worth nothing, as a fresh import tells it all.
 * A run's nudge never is: it carries nothing that could be stale, and its run goes on from its checkpoint. Nor is a person's
 * new credential.
 */
export function isPurged(marks: readonly StaleBefore[], job: Job): boolean {
  switch (job.work.kind) {
    case "push":
    case "try-credential":
    case "subscription":
    case "revoke-credential":
    case "canary":
      return false;
    case "webhook":
      // What it touches is known only when it is read: the marks of single resources are asked then.
      return isPurgedFor(marks, job, null);
    case "refresh":
    case "compare":
      return isPurgedFor(marks, job, job.work.resource);
  }
}

/** The same for one resource of what a job touches. */
export function isPurgedFor(marks: readonly StaleBefore[], job: Job, resource: string | null): boolean {
  return marks.some(
    (mark) =>
      job.createdAtMs < mark.atMs &&
      (mark.lane === null || mark.lane === job.lane) &&
      (mark.resource === null || mark.resource === resource),
  );
}

/** Purges what was made before `nowMs`, of these resources or (null) of all; forgets marks that no job can be older than. */
export function withPurge(
  marks: readonly StaleBefore[],
  resources: readonly string[] | null,
  nowMs: number,
): readonly StaleBefore[] {
  if (resources === null) return [{ atMs: nowMs, resource: null, lane: null }];
  const kept = withoutPurge(marks, resources).filter(({ atMs }) => atMs > nowMs - webhookExpiryMs);
  return [...kept, ...resources.map((resource) => ({ atMs: nowMs, resource, lane: null }))];
}

/** Works off what was purged after all, as far as it is still there. */
export function withoutPurge(
  marks: readonly StaleBefore[],
  resources: readonly string[] | null,
): readonly StaleBefore[] {
  if (resources === null) return [];
  return marks.filter(({ resource }) => resource === null || !resources.includes(resource));
}
