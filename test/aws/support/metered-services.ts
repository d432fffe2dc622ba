import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import { tableShapes } from "../../../lib/constructs/table-shapes.ts";
import type { TableShape } from "../../../lib/constructs/table.ts";
import type { Priced } from "../../../lib/engine/cost/price-list.ts";
import { tableNameFor, tableNames } from "../../../lib/engine/names.ts";
import { readUnits, refusedUnits, writeUnits } from "./capacity-units.ts";
import type { StoredItem } from "./capacity-units.ts";
import { stage } from "./services.ts";
import type { TestServices } from "./services.ts";

export type Counted = Partial<Record<Priced, number>>;

/** https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
export interface StreamBatch {
  readonly Records: {
    readonly eventSourceARN: string;
    readonly dynamodb: {
      readonly SequenceNumber: string;
      /** In seconds. */
      readonly ApproximateCreationDateTime: number;
      readonly Keys: StoredItem;
      readonly OldImage?: StoredItem;
      readonly NewImage?: StoredItem;
    };
  }[];
}

export interface Measured {
  readonly counted: Counted;
  /** Each call, for people: `UpdateItem runs 3`. */
  readonly calls: readonly string[];
}

export interface MeteredServices {
  /** One address for every service. */
  readonly endpoint: string;
  /** What was asked for since it was last taken, in what AWS charges for. */
  take(): Measured;
  note(what: Priced, amount: number): void;
  /** Off, calls are handed on and nothing more. */
  isCounting: boolean;
  /** What the tables' streams have told since they were last taken, as Lambda hands it over: a batch for each table. */
  takeStreams(): readonly StreamBatch[];
  stop(): Promise<void>;
}

/** Stands before the services that tests run on, and counts what AWS would charge for. One write of an item at a time. */
export async function meterServices(services: TestServices, clock: { nowMs(): number }): Promise<MeteredServices> {
  let counted: Counted = {};
  let calls: string[] = [];
  let streams = new Map<string, StreamBatch>();
  const tell: Meter["tell"] = (table, key, before, after) => {
    const batch = streams.get(table) ?? { Records: [] };
    streams.set(table, batch);
    batch.Records.push({
      eventSourceARN: `arn:aws:dynamodb:us-east-1:0:table/${table}/stream/1`,
      dynamodb: {
        SequenceNumber: String(batch.Records.length + 1),
        ApproximateCreationDateTime: Math.floor(clock.nowMs() / 1_000),
        Keys: key,
        ...(before !== null && { OldImage: before }),
        ...(after !== null && { NewImage: after }),
      },
    });
  };
  const note = (what: Priced, amount: number): void => {
    if (amount > 0) counted[what] = (counted[what] ?? 0) + amount;
  };
  const metered = { isCounting: true };
  const server = createServer((incoming, outgoing) => {
    void answer(services, incoming, metered.isCounting ? { note, calls, tell } : null).then(
      ({ status, body }) => outgoing.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(body),
      (error: unknown) => outgoing.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return Object.assign(metered, {
    endpoint: `http://127.0.0.1:${port}`,
    take() {
      const taken = { counted, calls };
      counted = {};
      calls = [];
      return taken;
    },
    note,
    takeStreams() {
      const taken = [...streams.values()];
      streams = new Map();
      return taken;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

interface Meter {
  readonly note: (what: Priced, amount: number) => void;
  readonly tell: (table: string, key: StoredItem, before: StoredItem | null, after: StoredItem | null) => void;
  readonly calls: string[];
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function answer(services: TestServices, incoming: IncomingMessage, meter: Meter | null): Promise<Answer> {
  const [service = "", operation = ""] = String(incoming.headers["x-amz-target"]).split(".");
  const body = await textOf(incoming);
  const to = async (url: string | undefined, text = body): Promise<Answer> => {
    const answered = await fetch(`${url ?? ""}${incoming.url ?? ""}`, {
      method: "POST",
      headers: {
        "content-type": String(incoming.headers["content-type"]),
        "x-amz-target": String(incoming.headers["x-amz-target"]),
        "x-amz-date": String(incoming.headers["x-amz-date"]),
        authorization: String(incoming.headers.authorization),
      },
      body: text,
    });
    return { status: answered.status, body: await answered.text() };
  };
  const { source } = services;
  switch (service) {
    case "DynamoDB_20120810":
      if (meter === null) return to(source["AWS_ENDPOINT_URL_DYNAMODB"]);
      return meterTable(services, operation, body, meter, (text) => to(source["AWS_ENDPOINT_URL_DYNAMODB"], text));
    case "AmazonSQS": {
      // Requests of more than 64 KB count as several; nothing here is that large.
      meter?.note("sqsRequests", 1);
      // Only what comes with a group is a fair queue's request: https://aws.amazon.com/sqs/pricing/
      if (body.includes('"MessageGroupId"')) meter?.note("sqsFairRequests", 1);
      meter?.calls.push(operation);
      return to(source["AWS_ENDPOINT_URL_SQS"]);
    }
    case "TrentService":
      meter?.note("keyCalls", 1);
      meter?.calls.push(`${operation} kms`);
      return to(source["AWS_ENDPOINT_URL_KMS"]);
    case "secretsmanager":
      meter?.note("secretCalls", 1);
      meter?.calls.push(operation);
      return to(source["AWS_ENDPOINT_URL_SECRETS_MANAGER"]);
    case "AWSEvents": {
      const { Entries } = z.object({ Entries: z.array(z.unknown()) }).parse(JSON.parse(body));
      meter?.note("busEvents", Entries.length);
      meter?.calls.push(`${operation} ${Entries.length}`);
      return {
        status: 200,
        body: JSON.stringify({ FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: "1" })) }),
      };
    }
    default:
      throw new Error(`no service ${service} here`);
  }
}

const Key = z.record(z.string(), z.custom<StoredItem[string]>());
const One = z.looseObject({ TableName: z.string(), Key: Key.optional(), Item: Key.optional() });
const Batch = z.looseObject({ RequestItems: z.record(z.string(), z.looseObject({ Keys: z.array(Key) })) });
const Consumed = z.looseObject({ ConsumedCapacity: z.object({ CapacityUnits: z.number() }) });

async function meterTable(
  services: TestServices,
  operation: string,
  body: string,
  meter: Meter,
  forward: (body: string) => Promise<Answer>,
): Promise<Answer> {
  const stored = async (table: string, key: StoredItem): Promise<StoredItem | null> => {
    const command = new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true });
    return (await services.dynamo.send(command)).Item ?? null;
  };
  const noteRead = (table: string, units: number): void => {
    meter.note("dynamoReads", units);
    meter.calls.push(`${operation} ${table} ${units}`);
  };
  const input: unknown = JSON.parse(body);
  if (operation === "BatchGetItem") {
    for (const [table, { Keys }] of Object.entries(Batch.parse(input).RequestItems)) {
      const items = await Promise.all(Keys.map((key) => stored(table, key)));
      noteRead(
        table,
        items.reduce((sum, item) => sum + readUnits(item), 0),
      );
    }
    return forward(body);
  }
  const one = One.parse(input);
  const shape = shapeOf(one.TableName);
  switch (operation) {
    case "GetItem":
      noteRead(one.TableName, readUnits(await stored(one.TableName, keyIn(shape, one))));
      return forward(body);
    case "Query": {
      const answered = await forward(JSON.stringify({ ...one, ReturnConsumedCapacity: "TOTAL" }));
      const { ConsumedCapacity } = Consumed.parse(JSON.parse(answered.body));
      noteRead(one.TableName, Math.max(one["ConsistentRead"] === true ? 1 : 0.5, ConsumedCapacity.CapacityUnits));
      return answered;
    }
    case "PutItem":
    case "UpdateItem":
    case "DeleteItem": {
      const key = keyIn(shape, one);
      const before = await stored(one.TableName, key);
      const answered = await forward(body);
      const isRefused = answered.body.includes("ConditionalCheckFailed");
      if (answered.status !== 200 && !isRefused) return answered;
      const after = isRefused ? before : await stored(one.TableName, key);
      const units = isRefused ? refusedUnits(before) : writeUnits(shape, before, after);
      // A write that changes nothing is in no stream.
      if (shape.stream === true && JSON.stringify(before) !== JSON.stringify(after))
        meter.tell(one.TableName, key, before, after);
      meter.note("dynamoWrites", units);
      meter.calls.push(`${operation} ${one.TableName} ${units}`);
      return answered;
    }
    default:
      throw new Error(`the meter does not know ${operation}`);
  }
}

function keyIn(shape: TableShape, { Key: key, Item: item }: z.infer<typeof One>): StoredItem {
  if (key !== undefined) return key;
  const names = [shape.partitionKey, ...(shape.sortKey === undefined ? [] : [shape.sortKey.name])];
  return Object.fromEntries(Object.entries(item ?? {}).filter(([name]) => names.includes(name)));
}

function shapeOf(table: string): TableShape {
  const name = tableNames.find((each) => tableNameFor(stage, each) === table);
  if (name === undefined) throw new Error(`no table ${table} here`);
  return tableShapes[name];
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
