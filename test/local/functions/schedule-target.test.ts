import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { expect, onTestFinished, test } from "vitest";
import { createScheduleTargets, type ScheduleTargets } from "../../../lib/local/functions/schedule-target.ts";
import { createSqsClients } from "../../../lib/local/sqs-clients.ts";
import type { FunctionModel, InvocationResult } from "../../../lib/local/types.ts";
import { startFakeServices, type FakeServices } from "../support/fake-services.ts";
import { account, functionWith, queueArn, queueWith, region, scheduleWith } from "../support/models.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createTestClock, type TestClock } from "../support/test-clock.ts";

interface Bench {
  readonly targets: ScheduleTargets;
  readonly services: FakeServices;
  readonly clock: TestClock;
  readonly events: unknown[];
  readonly stop: () => void;
  readonly bodies: (queueName: string) => Promise<readonly unknown[]>;
}

async function startBench(results: readonly InvocationResult[], target: Partial<FunctionModel> = {}): Promise<Bench> {
  const services = await startFakeServices([queueWith("jobs"), queueWith("dead")]);
  const clock = createTestClock(Date.parse("2026-11-20T08:00:00Z"));
  const sqs = createSqsClients(services, region);
  const stopping = new AbortController();
  const model = functionWith(temporaryFolder(), "fan-out", "", target);
  const events: unknown[] = [];
  const targets = createScheduleTargets({
    sqs,
    clock,
    signal: stopping.signal,
    account,
    region,
    onLog: () => undefined,
    host: {
      find: () => model,
      async invoke(_, event) {
        events.push(event);
        return results[events.length - 1] ?? { kind: "returned", payload: null };
      },
    },
  });
  onTestFinished(() => sqs.close());
  const bodies = async (queueName: string): Promise<readonly unknown[]> => {
    const { Messages } = await services.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: `${services.endpoint}/000000000000/${queueName}`,
        MaxNumberOfMessages: 10,
      }),
    );
    return (Messages ?? []).map(({ Body }): unknown => JSON.parse(Body ?? ""));
  };
  return { targets, services, clock, events, stop: () => stopping.abort(), bodies };
}

const firing = { executionId: "e1", scheduledMs: Date.parse("2026-11-20T07:59:00Z") };
const functionArn = `arn:aws:lambda:${region}:${account}:function:fan-out`;
const ignore = (): void => undefined;
const threw: InvocationResult = { kind: "threw", errorType: "TypeError", errorMessage: "x" };

test("without an input the target gets Scheduler's own event", async () => {
  const { targets, events } = await startBench([]);

  expect(await targets.deliver(scheduleWith("s", "rate(1 minute)", functionArn), firing, ignore)).toBe("done");

  expect(events).toEqual([
    {
      version: "0",
      id: "e1",
      "detail-type": "Scheduled Event",
      source: "aws.scheduler",
      account,
      time: "2026-11-20T07:59:00Z",
      region,
      resources: [`arn:aws:scheduler:${region}:${account}:schedule/default/s`],
      detail: "{}",
    },
  ]);
});

test("an input's placeholders are filled in", async () => {
  const { targets, events } = await startBench([]);
  const input = `{"slot":"<aws.scheduler.scheduled-time>","of":"<aws.scheduler.schedule-arn>","id":"<aws.scheduler.execution-id>","try":<aws.scheduler.attempt-number>}`;

  await targets.deliver(scheduleWith("s", "rate(1 minute)", functionArn, { input, groupName: "g" }), firing, ignore);

  expect(events).toEqual([
    { slot: "2026-11-20T07:59:00Z", of: `arn:aws:scheduler:${region}:${account}:schedule/g/s`, id: "e1", try: 1 },
  ]);
});

test("a function that fails is tried after one minute and after two more, then its destination is told", async () => {
  const { targets, clock, events, bodies } = await startBench([threw, { kind: "timedOut", timeoutSeconds: 1 }, threw], {
    asyncInvoke: { maximumRetryAttempts: 2, maximumEventAgeSeconds: 3600, failureQueueArn: queueArn("dead") },
  });
  let attempts = 0;
  const delivered = targets.deliver(
    scheduleWith("s", "rate(1 minute)", functionArn, { input: `{"a":1}` }),
    firing,
    () => (attempts += 1),
  );

  await clock.advance(59_999);
  expect(events).toHaveLength(1);
  expect(attempts).toBe(1);
  await clock.advance(1);
  expect(events).toHaveLength(2);
  await clock.advance(119_999);
  expect(events).toHaveLength(2);
  await clock.advance(1);
  expect(events).toHaveLength(3);

  expect(await delivered).toBe("done");
  expect(await bodies("dead")).toMatchObject([
    {
      requestContext: {
        condition: "RetriesExhausted",
        approximateInvokeCount: 3,
        functionArn: `${functionArn}:$LATEST`,
      },
      requestPayload: { a: 1 },
      responsePayload: { errorType: "TypeError", errorMessage: "x" },
    },
  ]);
});

test("throttles cost no attempt until the event is too old", async () => {
  const throttled = Array.from({ length: 100 }, (): InvocationResult => ({ kind: "throttled" }));
  const { targets, clock, events, bodies } = await startBench(throttled, {
    asyncInvoke: { maximumRetryAttempts: 0, maximumEventAgeSeconds: 60, failureQueueArn: queueArn("dead") },
  });
  const delivered = targets.deliver(scheduleWith("s", "rate(1 minute)", functionArn, { input: "{}" }), firing, ignore);

  await clock.advance(60_000);

  expect(await delivered).toBe("done");
  expect(events.length).toBeGreaterThan(3);
  expect(await bodies("dead")).toMatchObject([{ requestContext: { condition: "EventAgeExceeded" } }]);
});

test("stopping between attempts leaves the firing for the next start", async () => {
  const { targets, clock, stop } = await startBench([threw]);
  const delivered = targets.deliver(scheduleWith("s", "rate(1 minute)", functionArn), firing, ignore);
  await clock.advance(1000);

  stop();

  expect(await delivered).toBe("interrupted");
});

test("a queue gets the input as its message", async () => {
  const { targets, bodies } = await startBench([]);

  expect(
    await targets.deliver(
      scheduleWith("s", "rate(1 minute)", queueArn("jobs"), { input: `{"nudge":true}` }),
      firing,
      ignore,
    ),
  ).toBe("done");

  expect(await bodies("jobs")).toEqual([{ nudge: true }]);
});

test("a queue that refuses is tried again, and what is refused too often goes to the schedule's dead letter queue", async () => {
  const { targets, clock, bodies } = await startBench([]);
  const schedule = scheduleWith("s", "rate(1 minute)", queueArn("nowhere"), {
    input: `{"a":1}`,
    retry: { maximumRetryAttempts: 1, maximumEventAgeSeconds: 3600 },
    deadLetterQueueArn: queueArn("dead"),
  });
  let attempts = 0;
  const delivered = targets.deliver(schedule, firing, () => (attempts += 1));

  await clock.waiting(1000);
  await clock.advance(1000);

  expect(await delivered).toBe("done");
  expect(attempts).toBe(2);
  expect(await bodies("dead")).toEqual([{ a: 1 }]);
});

test("a target of another kind is refused by its ARN", async () => {
  const { targets } = await startBench([]);

  expect(() =>
    targets.deliver(scheduleWith("s", "rate(1 minute)", "arn:aws:sns:us-east-1:0:t"), firing, ignore),
  ).toThrow("arn:aws:sns:us-east-1:0:t");
});
