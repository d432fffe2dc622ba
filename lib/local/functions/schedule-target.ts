import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { pause, type Clock } from "../clock.ts";
import type { LocalLog } from "../log.ts";
import type { SqsClients } from "../sqs-clients.ts";
import type { ScheduleModel } from "../types.ts";
import { invokeAsync } from "./async-invocation.ts";
import type { LocalFunctionHost } from "./function-host.ts";
import { scheduleInput } from "./schedule-event.ts";
import type { Firing } from "./schedule-state.ts";

export interface ScheduleTargets {
  /**
   * Brings a firing to its target. `attempted` is called after the first try; "done" means that nothing of the firing is
   * left to do, whether it succeeded or was given up.
   */
  deliver(schedule: ScheduleModel, firing: Firing, attempted: () => void): Promise<"done" | "interrupted">;
}

export interface ScheduleTargetsOptions {
  readonly host: Pick<LocalFunctionHost, "invoke" | "find">;
  readonly sqs: SqsClients;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly account: string;
  readonly region: string;
  readonly onLog: LocalLog;
}

// https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html: 185 tries within a day unless the schedule says otherwise.
const retryDefaults = { maximumRetryAttempts: 185, maximumEventAgeSeconds: 86_400 };
const retryMsFirst = 1_000;
const retryMsMax = 600_000;

export function createScheduleTargets(options: ScheduleTargetsOptions): ScheduleTargets {
  const { host, sqs, clock, signal, account, region } = options;
  const warn = (schedule: ScheduleModel, text: string): void =>
    options.onLog({ level: "warn", source: `schedule ${schedule.name}`, text });

  async function send(client: SqsClients["operator"], queueArn: string, body: string): Promise<void> {
    const queueUrl = await sqs.queueUrl(queueArn.split(":").at(-1) ?? queueArn);
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
  }

  async function toFunction(
    schedule: ScheduleModel,
    input: string,
    attempted: () => void,
  ): Promise<"done" | "interrupted"> {
    const target = host.find(schedule.targetArn);
    const outcome = await invokeAsync({ target, event: JSON.parse(input), host, clock, signal, onAttempt: attempted });
    if (outcome.kind === "interrupted") return "interrupted";
    if (outcome.kind === "done") return "done";
    warn(schedule, `${target.name} failed ${outcome.attempts} times and is not tried again`);
    const destination = target.asyncInvoke?.failureQueueArn;
    if (destination !== undefined && destination !== null)
      await send(sqs.forRole(target.roleArn), destination, JSON.stringify(outcome.record));
    return "done";
  }

  async function toQueue(
    schedule: ScheduleModel,
    input: string,
    attempted: () => void,
  ): Promise<"done" | "interrupted"> {
    const { maximumRetryAttempts, maximumEventAgeSeconds } = schedule.retry ?? retryDefaults;
    const tooOldMs = clock.nowMs() + maximumEventAgeSeconds * 1000;
    for (let retries = 0; ; retries += 1) {
      try {
        await send(sqs.forRole(schedule.roleArn), schedule.targetArn, input);
        attempted();
        return "done";
      } catch (error) {
        attempted();
        const delayMs = Math.min(retryMsFirst * 2 ** retries, retryMsMax);
        if (retries >= maximumRetryAttempts || clock.nowMs() + delayMs > tooOldMs)
          return giveUp(schedule, input, error);
        warn(schedule, `its queue refused, next try in ${delayMs} ms: ${String(error)}`);
        await pause(clock, delayMs, signal);
        if (signal.aborted) return "interrupted";
      }
    }
  }

  async function giveUp(schedule: ScheduleModel, input: string, error: unknown): Promise<"done"> {
    warn(schedule, `its target refused too often and is not tried again: ${String(error)}`);
    if (schedule.deadLetterQueueArn !== undefined)
      await send(sqs.forRole(schedule.roleArn), schedule.deadLetterQueueArn, input);
    return "done";
  }

  return {
    deliver(schedule, { executionId, scheduledMs }, attempted) {
      const input = scheduleInput(schedule, { executionId, scheduledMs, attempt: 1, account, region });
      const service = schedule.targetArn.split(":")[2];
      if (service === "lambda") return toFunction(schedule, input, attempted);
      if (service === "sqs") return toQueue(schedule, input, attempted);
      throw new Error(
        `The schedule ${schedule.name} has the target ${schedule.targetArn}; the local stack knows functions and queues.`,
      );
    },
  };
}
