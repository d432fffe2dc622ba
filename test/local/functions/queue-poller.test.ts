import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../lib/local/clock.ts";
import { createFunctionHost } from "../../../lib/local/functions/function-host.ts";
import type { MappingPoller } from "../../../lib/local/functions/mapping-poller.ts";
import type { QueueRecord } from "../../../lib/local/functions/queue-event.ts";
import { createQueuePoller } from "../../../lib/local/functions/queue-poller.ts";
import { openSourceQueue } from "../../../lib/local/functions/source-queue.ts";
import { createSqsClients } from "../../../lib/local/sqs-clients.ts";
import type { FunctionModel, MappingModel } from "../../../lib/local/types.ts";
import { startFakeServices, type FakeServices } from "../support/fake-services.ts";
import { functionWith, queueArn, queueMapping, queueWith, region } from "../support/models.ts";
import { createRecorder, type Recorder } from "../support/recorder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";

interface Entry {
  readonly at: "begin" | "end";
  readonly records: readonly QueueRecord[];
}

interface Bench {
  readonly services: FakeServices;
  readonly poller: MappingPoller;
  readonly recorder: Recorder<Entry>;
  readonly warnings: string[];
  /** Bodies of each batch, in the order in which they were handled. */
  readonly batches: () => readonly (readonly string[])[];
  readonly handled: () => readonly string[];
  /** Starts a process before the first message comes. */
  readonly warmUp: () => Promise<unknown>;
}

/** One queue "jobs" with its dead letter queue "dead", feeding a function that obeys what its messages say. */
async function startBench(setup: {
  readonly queue?: Readonly<Record<string, string>>;
  readonly mapping?: Partial<MappingModel>;
  readonly target?: Partial<FunctionModel>;
  readonly code?: string;
  readonly failFirstReceives?: number;
}): Promise<Bench> {
  const folder = temporaryFolder();
  const recorder = createRecorder<Entry>(folder);
  const services = await startFakeServices([
    queueWith("jobs", { VisibilityTimeout: "30", ...setup.queue }),
    queueWith("dead"),
  ]);
  const obey = `${recorder.code}
    export const handler = async (event) => {
      record({ at: "begin", records: event.Records });
      const said = event.Records.map((each) => each.body);
      if (said.includes("throw")) throw new Error("asked to");
      if (said.includes("exit")) process.exit(1);
      const answer = said.find((body) => body.startsWith("answer "));
      if (answer) return JSON.parse(answer.slice(7));
      return { batchItemFailures: event.Records.filter((each) => each.body.startsWith("fail")).map((each) => ({ itemIdentifier: each.messageId })) };
    };`;
  const target = functionWith(folder, "worker", setup.code?.replace("RECORDER", recorder.code) ?? obey, {
    ...setup.target,
  });
  const host = createFunctionHost({ functions: [target], region, services, dataDir: join(folder, "data") });
  const clients = createSqsClients(services, region);
  const queue = openSourceQueue({
    client: clients.forRole(target.roleArn),
    queueUrl: await clients.queueUrl("jobs"),
    queueArn: queueArn("jobs"),
    region,
  });
  let failures = setup.failFirstReceives ?? 0;
  const warnings: string[] = [];
  const poller = createQueuePoller({
    mapping: queueMapping("worker", "jobs", setup.mapping),
    target,
    queue: {
      ...queue,
      receive: (...wanted) => (failures-- > 0 ? Promise.reject(new Error("denied")) : queue.receive(...wanted)),
    },
    visibilitySeconds: Number(setup.queue?.["VisibilityTimeout"] ?? 30),
    host,
    clock: systemClock,
    onLog: (line) => warnings.push(line.text),
    pollWaitSeconds: 1,
  });
  onTestFinished(async () => {
    await poller.stop();
    await host.stop(0);
    clients.close();
  });
  const batches = (): readonly (readonly string[])[] =>
    recorder
      .read()
      .filter(({ at }) => at === "begin")
      .map(({ records }) => records.map(({ body }) => body));
  const warmUp = (): Promise<unknown> => host.invoke("worker", { Records: [] });
  return { services, poller, recorder, warnings, batches, handled: () => batches().flat(), warmUp };
}

const redrive = (maxReceiveCount: number): Readonly<Record<string, string>> => ({
  RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn("dead"), maxReceiveCount }),
});

test("messages arrive in Lambda's event shape and are deleted when they were handled", async () => {
  const { services, poller, recorder } = await startBench({ mapping: { batchSize: 1 } });
  await services.sqs.send(
    new SendMessageCommand({
      QueueUrl: `${services.endpoint}/000000000000/jobs`,
      MessageBody: "hello",
      MessageAttributes: {
        word: { DataType: "String", StringValue: "x" },
        bytes: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) },
      },
    }),
  );

  poller.start();
  await waitUntil("the message to be gone", async () => (await services.total("jobs")) === 0);

  const [entry] = recorder.read();
  const record = entry?.records[0];
  expect(record).toMatchObject({
    body: "hello",
    md5OfBody: "5d41402abc4b2a76b9719d911017c592",
    eventSource: "aws:sqs",
    eventSourceARN: queueArn("jobs"),
    awsRegion: region,
    attributes: { ApproximateReceiveCount: "1" },
    messageAttributes: {
      word: { stringValue: "x", stringListValues: [], binaryListValues: [], dataType: "String" },
      bytes: { binaryValue: "AP8=", stringListValues: [], binaryListValues: [], dataType: "Binary" },
    },
  });
  expect(Object.keys(record ?? {}).toSorted()).toEqual(
    [
      "attributes",
      "awsRegion",
      "body",
      "eventSource",
      "eventSourceARN",
      "md5OfBody",
      "md5OfMessageAttributes",
      "messageAttributes",
      "messageId",
      "receiptHandle",
    ].toSorted(),
  );
  expect(record?.attributes["SentTimestamp"]).toMatch(/^\d{13}$/);
});

test("of a batch only what failed comes again, and after its last try it is in the dead letter queue", async () => {
  const { services, poller, handled, warmUp } = await startBench({
    queue: { ...redrive(2), VisibilityTimeout: "2" },
    target: { timeoutSeconds: 2 },
  });
  // A cold start on a busy machine must not outlast the visibility timeout.
  await warmUp();
  await services.send("jobs", ["good 1", "fail", "good 2"]);

  poller.start();
  await waitUntil("the failed message to be dead", async () => (await services.total("dead")) === 1);

  expect(handled().filter((body) => body === "fail")).toHaveLength(2);
  expect(
    handled()
      .filter((body) => body.startsWith("good"))
      .toSorted(),
  ).toEqual(["good 1", "good 2"]);
  expect(await services.total("jobs")).toBe(0);
});

test.each([
  ["a throw", "throw"],
  ["a crash", "exit"],
  ["an unknown itemIdentifier", `answer {"batchItemFailures":[{"itemIdentifier":"stranger"}]}`],
  ["an empty itemIdentifier", `answer {"batchItemFailures":[{"itemIdentifier":""}]}`],
  ["a null itemIdentifier", `answer {"batchItemFailures":[{"itemIdentifier":null}]}`],
  ["a misspelt key", `answer {"batchItemFailures":[{"messageId":"x"}]}`],
  ["an answer that is not an object", `answer "done"`],
])("%s fails the whole batch", async (_, body) => {
  const { services, poller, handled } = await startBench({ mapping: { batchSize: 2 } });
  await services.send("jobs", ["bystander", body]);

  poller.start();
  await waitUntil("the batch", () => handled().length === 2);
  await poller.stop();

  // Whatever was going to be deleted is deleted by now; these wait for their visibility timeout.
  expect(await services.counts("jobs")).toEqual({ visible: 0, inFlight: 2, delayed: 0 });
});

test.each([["null"], ["{}"], [`{"batchItemFailures":[]}`], [`{"batchItemFailures":null}`]])(
  "the answer %s is full success",
  async (answer) => {
    const { services, poller, handled } = await startBench({ mapping: { batchSize: 2 } });
    await services.send("jobs", [`answer ${answer}`, "fail"]);

    poller.start();
    await waitUntil("the queue to be empty", async () => (await services.total("jobs")) === 0);

    expect(handled()).toHaveLength(2);
  },
);

test("without partial responses any answer deletes the batch", async () => {
  const { services, poller, handled } = await startBench({ mapping: { reportBatchItemFailures: false } });
  await services.send("jobs", ["fail", "fail 2"]);

  poller.start();
  await waitUntil("the queue to be empty", async () => (await services.total("jobs")) === 0);

  expect(handled()).toEqual(["fail", "fail 2"]);
});

test("a batch is never larger than the mapping says", async () => {
  const { services, poller, batches, handled } = await startBench({ mapping: { batchSize: 3 } });
  await services.send(
    "jobs",
    Array.from({ length: 10 }, (_, index) => `m${index}`),
  );

  poller.start();
  await waitUntil("ten messages to be handled", () => handled().length === 10);

  expect(Math.max(...batches().map((batch) => batch.length))).toBe(3);
  expect(handled().toSorted()).toEqual(Array.from({ length: 10 }, (_, index) => `m${index}`));
});

test("a window gathers more than one poll can fetch, and ends when the batch is full", async () => {
  const { services, poller, batches } = await startBench({
    mapping: { batchSize: 25, batchingWindowSeconds: 20 },
  });
  await services.send(
    "jobs",
    Array.from({ length: 25 }, (_, index) => `m${index}`),
  );

  poller.start();
  await waitUntil("the batch", () => batches().length > 0, 10_000);

  expect(batches().map((batch) => batch.length)).toEqual([25]);
});

test("a window ends by time when the batch does not fill", async () => {
  const { services, poller, batches } = await startBench({
    mapping: { batchSize: 10, batchingWindowSeconds: 1 },
  });
  await services.send("jobs", ["alone"]);

  poller.start();
  await waitUntil("the batch", () => batches().length > 0, 10_000);

  expect(batches()).toEqual([["alone"]]);
});

test("messages too large for one invocation are shared out over several", async () => {
  const { services, poller, batches, handled } = await startBench({
    mapping: { batchSize: 10, maximumConcurrency: 1 },
  });
  const large = Array.from({ length: 8 }, (_, index) => `${index}${"x".repeat(1_000_000)}`);
  for (const body of large) await services.send("jobs", [body]);

  poller.start();
  await waitUntil("all to be handled", () => handled().length === large.length);

  expect(new Set(handled())).toEqual(new Set(large));
  expect(batches().map((batch) => batch.length)).toEqual([6, 2]);
});

/** A function that says when it begins and ends, and waits in between until the gate file is there. */
const gated = `RECORDER
  import { existsSync } from "node:fs";
  export const handler = async (event) => {
    record({ at: "begin", records: event.Records });
    while (!existsSync(process.env.GATE)) await new Promise((resolve) => setTimeout(resolve, 5));
    record({ at: "end", records: [] });
  };`;

test("no more batches run at once than the mapping's maximum concurrency, and that many do", async () => {
  const gate = join(temporaryFolder(), "gate");
  const { services, poller, recorder } = await startBench({
    code: gated,
    mapping: { batchSize: 1, maximumConcurrency: 2 },
    target: { environment: { GATE: gate } },
  });
  await services.send("jobs", ["a", "b", "c", "d"]);

  poller.start();
  await waitUntil("two to run", () => recorder.read().length === 2);
  for (let look = 0; look < 20; look += 1) expect((await services.counts("jobs")).visible).toBe(2);
  await writeFile(gate, "");
  await waitUntil("all to be handled", async () => (await services.total("jobs")) === 0);

  let running = 0;
  for (const { at } of recorder.read()) {
    running += at === "begin" ? 1 : -1;
    expect(running).toBeLessThanOrEqual(2);
  }
});

test("while the function has no place, messages stay in the queue, where they lose none of their tries", async () => {
  const gate = join(temporaryFolder(), "gate");
  const { services, poller, recorder, handled } = await startBench({
    code: gated,
    queue: redrive(1),
    mapping: { batchSize: 1, maximumConcurrency: 4 },
    target: { environment: { GATE: gate }, reservedConcurrency: 1 },
  });
  await services.send("jobs", ["a", "b", "c", "d", "e"]);

  poller.start();
  await waitUntil("one to run and one to wait for its place", async () => {
    return recorder.read().length === 1 && (await services.counts("jobs")).inFlight === 2;
  });
  for (let look = 0; look < 20; look += 1) expect((await services.counts("jobs")).visible).toBe(3);
  await writeFile(gate, "");
  await waitUntil("all to be handled", async () => (await services.total("jobs")) === 0);

  expect(handled().toSorted()).toEqual(["a", "b", "c", "d", "e"]);
  expect(await services.total("dead")).toBe(0);
});

test("a disabled mapping leaves messages alone until it is enabled", async () => {
  const { services, poller, handled } = await startBench({});
  poller.start();
  await services.send("jobs", ["before"]);
  await waitUntil("the first message", () => handled().length === 1);

  poller.setEnabled(false);
  expect(poller.state()).toBe("Disabling");
  await waitUntil("the mapping to be disabled", () => poller.state() === "Disabled");
  await services.send("jobs", ["while disabled"]);
  expect(await services.counts("jobs")).toEqual({ visible: 1, inFlight: 0, delayed: 0 });

  poller.setEnabled(true);
  expect(poller.state()).toBe("Enabling");
  await waitUntil("the second message", () => handled().length === 2);
  expect(poller.state()).toBe("Enabled");
  expect(handled()).toEqual(["before", "while disabled"]);
});

test("a queue that cannot be read is told of and tried again", async () => {
  const { services, poller, handled, warnings } = await startBench({ failFirstReceives: 2 });
  await services.send("jobs", ["m"]);

  poller.start();
  await waitUntil("the message", () => handled().length === 1);

  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toMatch(/denied/);
});
