import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../lib/local/clock.ts";
import { createFunctionHost } from "../../../lib/local/functions/function-host.ts";
import { startMappingPollers, type MappingPollers } from "../../../lib/local/functions/mapping-pollers.ts";
import { createSqsClients } from "../../../lib/local/sqs-clients.ts";
import type { FunctionModel, MappingModel } from "../../../lib/local/types.ts";
import { startFakeServices, type FakeServices } from "../support/fake-services.ts";
import { emptyModel, functionWith, queueMapping, queueWith, streamMapping } from "../support/models.ts";
import { createRecorder, type Recorder } from "../support/recorder.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";

interface Bench {
  readonly services: FakeServices;
  readonly pollers: MappingPollers;
  readonly recorder: Recorder<{ readonly bodies: readonly string[] }>;
  /** What the Lambda API does: sets the wanted state and tells. */
  readonly update: (change: Partial<MappingModel>) => void;
}

async function startBench(
  setup: {
    readonly mapping?: Partial<MappingModel>;
    readonly target?: Partial<FunctionModel>;
    readonly visibility?: string;
  } = {},
): Promise<Bench> {
  const folder = temporaryFolder();
  const recorder = createRecorder<{ bodies: readonly string[] }>(folder);
  const code = `${recorder.code} export const handler = async (event) => record({ bodies: event.Records.map((each) => each.body) });`;
  const target = functionWith(folder, "worker", code, { timeoutSeconds: 10, ...setup.target });
  const queue = queueWith("jobs", { VisibilityTimeout: setup.visibility ?? "30" });
  let mapping = queueMapping("worker", "jobs", setup.mapping);
  const model = { ...emptyModel, functions: [target], queues: [queue], mappings: [mapping] };
  const services = await startFakeServices([queue]);
  const listeners = new Set<(id: string) => void>();
  const mappings = {
    list: () => [mapping],
    get: (id: string) => (id === mapping.id ? mapping : null),
    subscribe(listener: (id: string) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const dataDir = join(folder, "data");
  const host = createFunctionHost({ functions: [target], region: model.region, services, dataDir });
  const sqs = createSqsClients(services, model.region);
  onTestFinished(async () => {
    await host.stop(0);
    sqs.close();
  });
  const pollers = await startMappingPollers({
    model,
    services: { readStream: services.readStream, mappings },
    sqs,
    host,
    dataDir,
    clock: systemClock,
    onLog: () => undefined,
  });
  onTestFinished(() => pollers.stop());
  const update = (change: Partial<MappingModel>): void => {
    mapping = { ...mapping, ...change };
    for (const listener of listeners) listener(mapping.id);
  };
  return { services, pollers, recorder, update };
}

test("a mapping obeys the Lambda API while it runs", async () => {
  const { services, pollers, recorder, update } = await startBench({ mapping: { enabled: false } });
  await services.send("jobs", ["a"]);
  expect(pollers.states()).toEqual({ "worker-jobs": "Disabled" });

  update({ enabled: true });
  await waitUntil("the message", () => recorder.read().length === 1);
  expect(pollers.states()).toEqual({ "worker-jobs": "Enabled" });

  update({ enabled: false });
  await waitUntil("the mapping to stop", () => pollers.states()["worker-jobs"] === "Disabled");
  await services.send("jobs", ["b"]);
  expect(await services.counts("jobs")).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
});

test("other changes of a mapping apply too", async () => {
  const { services, recorder, update } = await startBench({ mapping: { enabled: false, batchSize: 10 } });
  await services.send("jobs", ["a", "b", "c"]);

  update({ enabled: true, batchSize: 1 });
  await waitUntil("the messages", () => recorder.read().length === 3);

  expect(recorder.read().map(({ bodies }) => bodies.length)).toEqual([1, 1, 1]);
});

test("a queue that hides messages for less time than the function may take is refused, as Lambda does", async () => {
  await expect(startBench({ visibility: "5", target: { timeoutSeconds: 6 } })).rejects.toThrow(
    /jobs.*5 s.*6 s.*worker/,
  );
});

test("a mapping of a queue that is not there is refused by name", async () => {
  await expect(startBench({ mapping: { source: { kind: "queue", queueName: "gone" } } })).rejects.toThrow(/gone/);
});

test("a batch that the stream's function never takes goes to the failure destination's queue", async () => {
  const folder = temporaryFolder();
  const target = functionWith(folder, "publisher", `export const handler = async () => { throw new Error("never"); };`);
  const mapping = streamMapping("publisher", "records", { maximumRetryAttempts: 0, failureQueueName: "dead" });
  const dead = queueWith("dead");
  const model = { ...emptyModel, functions: [target], queues: [dead], mappings: [mapping] };
  const services = await startFakeServices([dead]);
  services.streams.set("records", [
    {
      eventID: "1",
      eventName: "INSERT",
      eventSource: "aws:dynamodb",
      eventSourceARN: "arn:aws:dynamodb:us-east-1:000000000000:table/records/stream/1",
      dynamodb: { SequenceNumber: "1", Keys: {}, ApproximateCreationDateTime: 1, StreamViewType: "NEW_AND_OLD_IMAGES" },
    },
  ]);
  const host = createFunctionHost({ functions: [target], region: model.region, services, dataDir: folder });
  const sqs = createSqsClients(services, model.region);
  const pollers = await startMappingPollers({
    model,
    services,
    sqs,
    host,
    dataDir: folder,
    clock: systemClock,
    onLog: () => undefined,
  });
  onTestFinished(async () => {
    await pollers.stop();
    await host.stop(0);
    sqs.close();
  });

  await waitUntil("the failure to arrive", async () => (await services.total("dead")) > 0);

  expect(await services.total("dead")).toBe(1);
});
