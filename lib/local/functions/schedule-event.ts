import type { ScheduleModel } from "../types.ts";

export interface FiringFacts {
  readonly scheduledMs: number;
  readonly executionId: string;
  readonly attempt: number;
  readonly account: string;
  readonly region: string;
}

/**
 * What the target gets, as text: the schedule's input with Scheduler's placeholders filled in, or its default event.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
export function scheduleInput(schedule: ScheduleModel, facts: FiringFacts): string {
  const { scheduledMs, executionId, attempt, account, region } = facts;
  const arn = `arn:aws:scheduler:${region}:${account}:schedule/${schedule.groupName ?? "default"}/${schedule.name}`;
  const time = `${new Date(scheduledMs).toISOString().slice(0, 19)}Z`;
  if (schedule.input !== null) {
    return schedule.input
      .replaceAll("<aws.scheduler.schedule-arn>", arn)
      .replaceAll("<aws.scheduler.scheduled-time>", time)
      .replaceAll("<aws.scheduler.execution-id>", executionId)
      .replaceAll("<aws.scheduler.attempt-number>", String(attempt));
  }
  return JSON.stringify({
    version: "0",
    id: executionId,
    "detail-type": "Scheduled Event",
    source: "aws.scheduler",
    account,
    time,
    region,
    resources: [arn],
    detail: "{}",
  });
}
