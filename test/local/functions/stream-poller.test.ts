import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { MappingPoller } from "../../../lib/local/functions/mapping-poller.ts";
import { createStreamPoller } from "../../../lib/local/functions/stream-poller.ts";
import { openStreamPosition } from "../../../lib/local/functions/stream-position.ts";
import type { InvocationResult, MappingModel, StreamRecord } from "../../../lib/local/types.ts";
import { anything } from "../support/anything.ts";
import { functionWith, region, streamMapping } from "../support/models.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createTestClock, type TestClock } from "../support/test-clock.ts";

const streamArn = "arn:aws:dynamodb:us-east-1:000000000000:table/records/stream/1";

function records(...sequences: readonly number[]): readonly StreamRecord[] {
  return sequences.map((sequence) => ({
    eventID: `record#${sequence}`,
    eventName: "INSERT",
    eventSource: "aws:dynamodb",
    eventSourceARN: streamArn,
    dynamodb: {
      SequenceNumber: String(sequence),
      Keys: { pk: { S: "a" } },
      NewImage: { pk: { S: "a" }, n: { N: String(sequence) } },
      ApproximateCreationDateTime: 1_600_000_000,
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
  }));
}

interface Bench {
  readonly poller: MappingPoller;
  readonly clock: TestClock;
  readonly stream: StreamRecord[];
  /** Sequence numbers of each invocation. */
  readonly invocations: number[][];
  readonly failures: unknown[];
  readonly events: unknown[];
  readonly position: () => string | null;
}

function startBench(setup: {
  readonly stream: readonly StreamRecord[];
  readonly mapping?: Partial<MappingModel>;
  readonly behave: (sequences: readonly number[], invocation: number) => InvocationResult;
  readonly dataDir?: string;
}): Bench {
  const folder = setup.dataDir ?? temporaryFolder();
  const clock = createTestClock(1_600_000_000_000);
  const stream = [...setup.stream];
  const [invocations, failures, events]: [number[][], unknown[], unknown[]] = [[], [], []];
  const mapping = streamMapping("publisher", "records", setup.mapping);
  const file = openStreamPosition(folder, mapping.id);
  const poller = createStreamPoller({
    mapping,
    target: functionWith(folder, "publisher", ""),
    region,
    position: file,
    clock,
    onLog: () => undefined,
    async read(afterSequence, limit) {
      const from =
        afterSequence === null ? 0 : stream.findIndex((record) => record.dynamodb.SequenceNumber === afterSequence) + 1;
      return stream.slice(from, from + limit);
    },
    sendFailure: mapping.failureQueueName === null ? null : async (body) => void failures.push(JSON.parse(body)),
    host: {
      async invoke(_, event) {
        events.push(event);
        // The poller's own event.
        const sequences = (event as { Records: StreamRecord[] }).Records.map((record) =>
          Number(record.dynamodb.SequenceNumber),
        );
        invocations.push(sequences);
        return setup.behave(sequences, invocations.length);
      },
    },
  });
  onTestFinished(() => poller.stop());
  return { poller, clock, stream, invocations, failures, events, position: () => file.read().afterSequence };
}

const fine: InvocationResult = { kind: "returned", payload: null };
const threw: InvocationResult = { kind: "threw", errorType: "Error", errorMessage: "no" };
const failed = (...sequences: readonly number[]): InvocationResult => ({
  kind: "returned",
  payload: { batchItemFailures: sequences.map((sequence) => ({ itemIdentifier: String(sequence) })) },
});

test("records come in order and in batches, as Lambda shows them", async () => {
  const { poller, clock, stream, invocations, events, position } = startBench({
    stream: records(1, 2, 3),
    mapping: { batchSize: 2 },
    behave: () => fine,
  });

  poller.start();
  await clock.advance(0);
  expect(invocations).toEqual([[1, 2], [3]]);
  stream.push(...records(4));
  await clock.advance(250);

  expect(invocations).toEqual([[1, 2], [3], [4]]);
  expect(position()).toBe("4");
  expect(events[1]).toEqual({ Records: [{ ...records(3)[0], eventVersion: "1.1", awsRegion: region }] });
});

test("a new start goes on after the last batch that was done", async () => {
  const dataDir = temporaryFolder();
  const first = startBench({ stream: records(1, 2), dataDir, behave: () => fine });
  first.poller.start();
  await first.clock.advance(0);
  await first.poller.stop();

  const second = startBench({ stream: records(1, 2, 3), dataDir, behave: () => fine });
  second.poller.start();
  await second.clock.advance(0);

  expect(second.invocations).toEqual([[3]]);
});

test("a window gathers what comes within it", async () => {
  const { poller, clock, stream, invocations } = startBench({
    stream: records(1),
    mapping: { batchSize: 10, batchingWindowSeconds: 1 },
    behave: () => fine,
  });

  poller.start();
  await clock.advance(500);
  expect(invocations).toEqual([]);
  stream.push(...records(2));
  await clock.advance(500);

  expect(invocations).toEqual([[1, 2]]);
});

test("a failing batch is tried as often as the mapping says, then told to the failure destination, and the stream goes on", async () => {
  const { poller, clock, invocations, failures, position } = startBench({
    stream: records(1, 2, 3),
    mapping: { batchSize: 2, maximumRetryAttempts: 2, failureQueueName: "dead" },
    behave: (sequences) => (sequences.includes(1) ? threw : fine),
  });

  poller.start();
  await clock.advance(60_000);

  expect(invocations).toEqual([[1, 2], [1, 2], [1, 2], [3]]);
  expect(position()).toBe("3");
  expect(failures).toEqual([
    {
      version: "1.0",
      timestamp: anything(/^2020-09-13T12:26/),
      requestContext: {
        requestId: anything(/^[0-9a-f-]{36}$/),
        functionArn: "arn:aws:lambda:us-east-1:000000000000:function:publisher:$LATEST",
        condition: "RetryAttemptsExhausted",
        approximateInvokeCount: 3,
      },
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      DDBStreamBatchInfo: {
        shardId: "shardId-local",
        startSequenceNumber: "1",
        endSequenceNumber: "2",
        approximateArrivalOfFirstRecord: "2020-09-13T12:26:40.000Z",
        approximateArrivalOfLastRecord: "2020-09-13T12:26:40.000Z",
        batchSize: 2,
        streamArn,
      },
    },
  ]);
});

test("without a limit a batch is tried until it succeeds, ever more calmly", async () => {
  const { poller, clock, invocations, position } = startBench({
    stream: records(1),
    behave: (_, invocation) => (invocation < 12 ? threw : fine),
  });

  poller.start();
  await clock.advance(1000);
  const early = invocations.length;
  await clock.advance(1000);
  const later = invocations.length - early;
  await clock.advance(10 * 60_000);

  expect(later).toBeLessThan(early);
  expect(invocations).toHaveLength(12);
  expect(position()).toBe("1");
});

test("a poison record is cut out by halves", async () => {
  const { poller, clock, invocations, failures, position } = startBench({
    stream: records(1, 2, 3, 4),
    mapping: { bisectOnError: true, maximumRetryAttempts: 1, failureQueueName: "dead" },
    behave: (sequences) => (sequences.includes(3) ? threw : fine),
  });

  poller.start();
  await clock.advance(60_000);

  expect(invocations).toEqual([[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [4]]);
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatchObject({ DDBStreamBatchInfo: { startSequenceNumber: "3", endSequenceNumber: "3" } });
  expect(position()).toBe("4");
});

test("a partial failure moves the position to the first failed record and no further", async () => {
  const { poller, clock, invocations, position } = startBench({
    stream: records(1, 2, 3, 4),
    mapping: { reportBatchItemFailures: true },
    behave: (_, invocation) => (invocation === 1 ? failed(4, 3) : invocation === 2 ? threw : fine),
  });

  poller.start();
  await clock.advance(0);
  expect(position()).toBe("2");
  await clock.advance(60_000);

  expect(invocations).toEqual([
    [1, 2, 3, 4],
    [3, 4],
    [3, 4],
  ]);
  expect(position()).toBe("4");
});

test("a sequence number of no record in the batch fails all of it", async () => {
  const { poller, clock, invocations, position } = startBench({
    stream: records(1, 2),
    mapping: { reportBatchItemFailures: true },
    behave: (_, invocation) => (invocation === 1 ? failed(99) : fine),
  });

  poller.start();
  await clock.advance(0);
  expect(position()).toBeNull();
  await clock.advance(60_000);

  expect(invocations).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

test("a throttle costs no attempt", async () => {
  const { poller, clock, invocations, failures } = startBench({
    stream: records(1),
    mapping: { maximumRetryAttempts: 0, failureQueueName: "dead" },
    behave: (_, invocation) => (invocation <= 3 ? { kind: "throttled" } : fine),
  });

  poller.start();
  await clock.advance(60_000);

  expect(invocations).toHaveLength(4);
  expect(failures).toEqual([]);
});

test("records too large for one invocation come in several", async () => {
  const large = records(1, 2, 3).map((record) => ({
    ...record,
    dynamodb: { ...record.dynamodb, NewImage: { text: { S: "x".repeat(2_500_000) } } },
  }));
  const { poller, clock, invocations } = startBench({ stream: large, behave: () => fine });

  poller.start();
  await clock.advance(0);

  expect(invocations).toEqual([[1, 2], [3]]);
});

test("disabling ends the retries, and enabling goes on where they ended", async () => {
  let broken = true;
  const { poller, clock, invocations, position } = startBench({
    stream: records(1),
    behave: () => (broken ? threw : fine),
  });
  poller.start();
  await clock.advance(1000);

  poller.setEnabled(false);
  await clock.advance(60_000);
  expect(poller.state()).toBe("Disabled");
  const before = invocations.length;
  await clock.advance(60_000);
  expect(invocations).toHaveLength(before);

  broken = false;
  poller.setEnabled(true);
  await clock.advance(0);
  expect(position()).toBe("1");
});

test("a position file that makes no sense is an error that names it", () => {
  const folder = temporaryFolder();
  const file = openStreamPosition(folder, "m");
  file.write({ afterSequence: "7" });
  expect(openStreamPosition(folder, "m").read()).toEqual({ afterSequence: "7" });

  // A truncated file, as somebody's editor might leave it.
  openStreamPosition(folder, "n").write({ afterSequence: 5 as unknown as string });
  expect(() => openStreamPosition(folder, "n").read()).toThrow(join(folder, "stream-positions", "n.json"));
});
