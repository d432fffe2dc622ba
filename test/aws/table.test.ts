import {
  BatchGetItemCommand,
  PutItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { createRecordStore } from "../../lib/aws/record-store.ts";
import { Table } from "../../lib/aws/table.ts";
import { SeededRandom, startMs, VirtualClock } from "../support/memory/clock.ts";
import { candidateOf } from "../support/port-values.ts";

/** A client whose answers are the test's; dynalite leaves no key undone and tells nothing of a failed condition. */
class ScriptedClient extends DynamoDBClient {
  readonly commands: unknown[] = [];
  readonly #answer: (command: unknown) => unknown;

  constructor(answer: (command: unknown) => unknown) {
    super({ region: "us-east-1" });
    this.#answer = answer;
    // Every command goes through send(); its overloads cannot be stated again here.
    Object.defineProperty(this, "send", { value: (command: unknown) => this.#reply(command) });
  }

  async #reply(command: unknown): Promise<unknown> {
    this.commands.push(command);
    return this.#answer(command);
  }
}

function tableOn(answer: (command: unknown) => unknown) {
  const client = new ScriptedClient(answer);
  const clock = new VirtualClock();
  const table = new Table("things", () => client, { clock, random: new SeededRandom(1) });
  return { table, client, clock };
}

const keys = ["a", "b", "c"].map((id) => ({ pk: { S: "p" }, sk: { S: id } }));

describe("a batch of which keys are left undone", () => {
  it("is read on until all keys were seen, with a pause before each new try", async () => {
    const { table, client, clock } = tableOn((command) => {
      if (!(command instanceof BatchGetItemCommand)) throw new Error("nothing else is sent");
      const asked = command.input.RequestItems?.["things"]?.Keys ?? [];
      const [first, ...left] = asked;
      return {
        Responses: { things: first === undefined ? [] : [first] },
        UnprocessedKeys: left.length > 0 ? { things: { Keys: left } } : {},
      };
    });
    expect(await table.batchGet(keys)).toEqual(keys);
    expect(client.commands).toHaveLength(3);
    expect(clock.slept).toHaveLength(2);
  });

  it("is given up after a bounded number of tries", async () => {
    const nothing = { Responses: {}, UnprocessedKeys: { things: { Keys: keys } } };
    const reading = tableOn(() => nothing);
    await expect(reading.table.batchGet(keys)).rejects.toThrow("throttled");
    expect(reading.client.commands).toHaveLength(6);
    const undone = { UnprocessedItems: { things: keys.map((Key) => ({ DeleteRequest: { Key } })) } };
    const deleting = tableOn(() => undone);
    await expect(deleting.table.batchDelete(keys)).rejects.toThrow("throttled");
    expect(deleting.client.commands).toHaveLength(6);
  });

  it("is deleted twenty-five keys at a time, and what is left undone again", async () => {
    const many = Array.from({ length: 60 }, (_, index) => ({ pk: { S: "p" }, sk: { S: String(index) } }));
    const deleted: (string | undefined)[] = [];
    const { table } = tableOn((command) => {
      if (!(command instanceof BatchWriteItemCommand)) throw new Error("nothing else is sent");
      const requests = command.input.RequestItems?.["things"] ?? [];
      expect(requests.length).toBeLessThanOrEqual(25);
      const done = requests.slice(0, Math.max(1, requests.length - 5));
      deleted.push(...done.map((request) => request.DeleteRequest?.Key?.["sk"]?.S));
      const left = requests.slice(done.length);
      return left.length > 0 ? { UnprocessedItems: { things: left } } : {};
    });
    await table.batchDelete(many);
    expect(new Set(deleted)).toEqual(new Set(many.map((key) => key.sk.S)));
    expect(deleted).toHaveLength(many.length);
  });
});

describe("a record's write whose condition failed", () => {
  const scope = { partner: "acme", connectionId: "acme_1", resource: "things" };
  const stored: Record<string, AttributeValue> = {
    pk: { S: "p" },
    sk: { S: "thing-1" },
    digest: { S: "other" },
    order: { N: "5000" },
    version: { N: "3" },
    deleted: { BOOL: false },
    writtenAtMs: { N: String(startMs) },
  };
  const failing = (found: Record<string, AttributeValue> | undefined) => (command: unknown) => {
    if (command instanceof GetItemCommand) return { Item: stored };
    if (!(command instanceof UpdateItemCommand)) throw new Error("nothing else is sent");
    expect(command.input.ReturnValuesOnConditionCheckFailure).toBe("ALL_OLD");
    throw new ConditionalCheckFailedException({
      message: "",
      $metadata: {},
      ...(found !== undefined && { Item: found }),
    });
  };
  const storeOn = (answer: (command: unknown) => unknown) => {
    const { table, client, clock } = tableOn(answer);
    const bucket = { put: async () => {}, get: async () => null, list: async () => [], delete: async () => {} };
    return { client, records: createRecordStore({ table, bucket, clock }) };
  };

  /** What was known before: an older state. */
  const older = { externalId: "thing-1", digest: "before", order: 1, version: 1, deleted: false, writtenAtMs: startMs };

  it("is judged by what the failure tells, without another read", async () => {
    const { client, records } = storeOn(failing(stored));
    expect(await records.write(scope, candidateOf({ order: 4_000 }), older)).toBe("stale");
    expect(await records.write(scope, candidateOf({ digest: "other", order: 5_000 }), older)).toBe("unchanged");
    expect(client.commands).toHaveLength(2);
  });

  it("is judged by a read where the failure tells nothing", async () => {
    const { client, records } = storeOn(failing(undefined));
    expect(await records.write(scope, candidateOf({ order: 4_000 }), older)).toBe("stale");
    expect(client.commands).toHaveLength(2);
  });

  it("is not tried for ever while others write", async () => {
    const { client, records } = storeOn(failing(stored));
    await expect(records.write(scope, candidateOf({ order: 9_000 }), older)).rejects.toThrow("changed under 20 writes");
    expect(client.commands).toHaveLength(20);
  });

  it("of something not known before is put whole, and updated only if it is there after all", async () => {
    const puts: unknown[] = [];
    const { client, records } = storeOn((command) => {
      if (!(command instanceof PutItemCommand)) return failing(stored)(command);
      puts.push(command.input.ConditionExpression);
      if (puts.length === 1) return {};
      throw new ConditionalCheckFailedException({ message: "", $metadata: {} });
    });
    expect(await records.write(scope, candidateOf(), null)).toBe("created");
    expect(client.commands).toHaveLength(1);
    expect(await records.write(scope, candidateOf({ order: 4_000 }), null)).toBe("stale");
    expect(puts).toEqual(["attribute_not_exists(pk)", "attribute_not_exists(pk)"]);
  });

  it("is not even tried when a mark says how it would end", async () => {
    const { client, records } = storeOn(failing(stored));
    const mark = {
      externalId: "thing-1",
      digest: "digest-1",
      order: 1_000,
      version: 1,
      deleted: false,
      writtenAtMs: startMs,
    };
    expect(await records.write(scope, candidateOf(), mark)).toBe("unchanged");
    expect(await records.write(scope, candidateOf({ digest: "x" }), { ...mark, order: 9_000 })).toBe("stale");
    expect(client.commands).toHaveLength(0);
  });
});
