import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import {
  GetEventSourceMappingCommand,
  InvokeCommand,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from "@aws-sdk/client-lambda";
import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  UpdateScheduleCommand,
} from "@aws-sdk/client-scheduler";
import { GetQueueUrlCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { Duration } from "aws-cdk-lib";
import { EventBus, Rule, RuleTargetInput } from "aws-cdk-lib/aws-events";
import { LambdaFunction as LambdaTarget, SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Schedule, ScheduleExpression } from "aws-cdk-lib/aws-scheduler";
import { LambdaInvoke } from "aws-cdk-lib/aws-scheduler-targets";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { InvocationResult } from "../../../lib/local/types.ts";
import { startFor, type StartedServices } from "./support/start.ts";
import { emptyHandler, synthesiseStack } from "./support/synthesise.ts";

let folder: string;
let started: StartedServices;
const invoked: { name: string; event: unknown }[] = [];
let nextResult: InvocationResult = { kind: "returned", payload: { ok: true } };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-control-"));
  const cdkOutDir = synthesiseStack(folder, (stack) => {
    const jobs = new Queue(stack, "Jobs", { queueName: "jobs" });
    const heard = new Queue(stack, "Heard", { queueName: "heard" });
    const worker = new LambdaFunction(stack, "Worker", {
      functionName: "worker",
      runtime: Runtime.NODEJS_22_X,
      handler: "index.handler",
      code: Code.fromAsset(emptyHandler(folder)),
    });
    worker.addEventSource(new SqsEventSource(jobs, { batchSize: 5, maxConcurrency: 4 }));
    new Schedule(stack, "Tick", {
      scheduleName: "tick",
      schedule: ScheduleExpression.rate(Duration.minutes(5)),
      target: new LambdaInvoke(worker),
    });
    const eventBus = new EventBus(stack, "Bus", { eventBusName: "events" });
    const changed = { source: ["sluice"], detail: { partner: ["stripe"], size: [{ exists: true }] } };
    const rule = new Rule(stack, "Rule", { eventBus, eventPattern: changed });
    rule.addTarget(new SqsQueue(heard, { message: RuleTargetInput.fromEventPath("$.detail") }));
    rule.addTarget(new LambdaTarget(worker));
  });
  started = await startFor(cdkOutDir, join(folder, "data"));
  started.services.attachFunctions?.({
    invoke: async (name, event) => {
      invoked.push({ name, event });
      return nextResult;
    },
  });
});

afterAll(async () => {
  await started.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a mapping is switched off and on, and whoever polls hears of it", async () => {
  const { lambda } = started.operator;
  const { EventSourceMappings: mappings = [] } = await lambda.send(
    new ListEventSourceMappingsCommand({ FunctionName: "worker" }),
  );
  expect(mappings).toHaveLength(1);
  expect(mappings[0]).toMatchObject({
    State: "Enabled",
    BatchSize: 5,
    EventSourceArn: "arn:aws:sqs:us-east-1:000000000000:jobs",
    ScalingConfig: { MaximumConcurrency: 4 },
  });
  const UUID = mappings[0]?.UUID ?? "";
  const heard: string[] = [];
  const stopListening = started.services.mappings?.subscribe((id) => heard.push(id));

  const update = await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
  expect(update.State).toBe("Disabling");
  expect((await lambda.send(new GetEventSourceMappingCommand({ UUID }))).State).toBe("Disabled");
  expect(started.services.mappings?.get(UUID)).toMatchObject({ enabled: false, batchSize: 5, maximumConcurrency: 4 });
  expect(heard).toEqual([UUID]);
  stopListening?.();
  expect((await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }))).State).toBe("Enabling");
  expect(heard).toEqual([UUID]);
  await expect(lambda.send(new GetEventSourceMappingCommand({ UUID: "nowhere" }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
});

test("a function is invoked through the API, and what becomes of it is told as Lambda tells it", async () => {
  const { lambda } = started.operator;
  const Payload = JSON.stringify({ hello: 1 });
  const answer = await lambda.send(new InvokeCommand({ FunctionName: "worker", Payload }));
  expect(JSON.parse(Buffer.from(answer.Payload ?? []).toString())).toEqual({ ok: true });
  expect(invoked.at(-1)).toEqual({ name: "worker", event: { hello: 1 } });

  nextResult = { kind: "threw", errorType: "TypeError", errorMessage: "no" };
  const failed = await lambda.send(new InvokeCommand({ FunctionName: "worker", Payload }));
  expect(failed.FunctionError).toBe("Unhandled");
  expect(JSON.parse(Buffer.from(failed.Payload ?? []).toString())).toEqual({
    errorType: "TypeError",
    errorMessage: "no",
  });
  nextResult = { kind: "throttled" };
  await expect(lambda.send(new InvokeCommand({ FunctionName: "worker", Payload }))).rejects.toMatchObject({
    name: "TooManyRequestsException",
  });
  nextResult = { kind: "returned", payload: { ok: true } };
  await expect(lambda.send(new InvokeCommand({ FunctionName: "nobody" }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
});

test("a schedule of the template can be read, changed, and deleted", async () => {
  const { scheduler } = started.operator;
  const found = await scheduler.send(new GetScheduleCommand({ Name: "tick" }));
  expect(found).toMatchObject({ ScheduleExpression: "rate(5 minutes)", State: "ENABLED", GroupName: "default" });
  const heard: string[] = [];
  started.services.schedules?.subscribe((name) => heard.push(name));

  const { Name, Target, FlexibleTimeWindow } = found;
  const ScheduleExpression = "rate(1 hour)";
  await scheduler.send(
    new UpdateScheduleCommand({ Name, Target, FlexibleTimeWindow, ScheduleExpression, State: "DISABLED" }),
  );
  expect(started.services.schedules?.list()).toMatchObject([
    { name: "tick", expression: "rate(1 hour)", enabled: false, targetArn: Target?.Arn },
  ]);
  await scheduler.send(new DeleteScheduleCommand({ Name }));
  expect(started.services.schedules?.list()).toEqual([]);
  await expect(scheduler.send(new GetScheduleCommand({ Name }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
  expect(heard).toEqual(["tick", "tick"]);
});

test("schedules are created once, listed by prefix, and refused when malformed", async () => {
  const { scheduler } = started.operator;
  const base = {
    ScheduleExpression: "at(2030-01-01T00:00:00)",
    FlexibleTimeWindow: { Mode: "OFF" as const },
    Target: { Arn: "arn:aws:sqs:us-east-1:000000000000:jobs", RoleArn: "arn:aws:iam::000000000000:role/scheduler" },
  };
  await scheduler.send(new CreateScheduleCommand({ Name: "once-1", ...base }));
  await scheduler.send(new CreateScheduleCommand({ Name: "once-2", GroupName: "later", ...base }));
  await expect(scheduler.send(new CreateScheduleCommand({ Name: "once-1", ...base }))).rejects.toMatchObject({
    name: "ConflictException",
  });
  await expect(scheduler.send(new CreateScheduleCommand({ Name: "not a name", ...base }))).rejects.toMatchObject({
    name: "ValidationException",
  });
  const never = { ...base, ScheduleExpression: "whenever(it pleases)" };
  await expect(scheduler.send(new CreateScheduleCommand({ Name: "never", ...never }))).rejects.toMatchObject({
    name: "ValidationException",
  });
  const { Schedules: listed = [] } = await scheduler.send(new ListSchedulesCommand({ NamePrefix: "once" }));
  expect(listed.map(({ Name: name, GroupName: group }) => `${group}/${name}`)).toEqual([
    "default/once-1",
    "later/once-2",
  ]);
});

test("an event goes to the targets of the rules it fits, and to no others", async () => {
  const { events, sqs } = started.operator;
  invoked.length = 0;
  const entry = (detail: unknown, more: { Source?: string; EventBusName?: string } = {}) => ({
    EventBusName: "events",
    Source: "sluice",
    DetailType: "record.changed",
    Detail: JSON.stringify(detail),
    ...more,
  });
  const put = await events.send(
    new PutEventsCommand({
      Entries: [
        entry({ partner: "stripe", size: 3, id: "fits" }),
        entry({ partner: "guesty", size: 3 }),
        entry({ partner: "stripe" }),
        entry({ partner: "stripe", size: 3 }, { Source: "elsewhere" }),
        entry({ partner: "stripe", size: 3 }, { EventBusName: "nowhere" }),
      ],
    }),
  );
  expect(put.FailedEntryCount).toBe(1);
  expect(put.Entries?.map(({ ErrorCode: code }) => code)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    "ResourceNotFoundException",
  ]);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "heard" }));
  const { Messages: messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  const detail = { partner: "stripe", size: 3, id: "fits" };
  expect(messages.map(({ Body: body }) => body)).toEqual([JSON.stringify(detail)]);
  expect(invoked).toMatchObject([
    { name: "worker", event: { source: "sluice", "detail-type": "record.changed", detail: { id: "fits" } } },
  ]);
});
