import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { Context } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createOnce } from "../../lib/aws/once.ts";

/** Powertools' own persistence on a DynamoDB that runs in this process. dynalite comes without types. */
const dynalite = createRequire(import.meta.url)("dynalite") as (options: { createTableMs: number }) => Server;
const server = dynalite({ createTableMs: 0 });
let client: DynamoDBClient;
let table = 0;
const tableName = () => `idempotency-${table}`;

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
});

beforeEach(async () => {
  table += 1;
  await client.send(
    new CreateTableCommand({
      TableName: tableName(),
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    }),
  );
});

afterAll(async () => {
  client.destroy();
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

const answer = { status: 201, headers: { "content-type": "application/json" }, body: '{"a":1}' };

function onceWith(remainingMs: number) {
  // Of Lambda's context Powertools reads the time that is left.
  const context = { getRemainingTimeInMillis: () => remainingMs } as Context;
  return createOnce<typeof answer>(client, tableName(), "api")(context);
}

describe("once", () => {
  test("runs an effect once and gives its answer again", async () => {
    let runs = 0;
    const effect = async () => ({ ...answer, status: 201 + runs++ });
    const key = { key: "POST /connections#1", fingerprint: "a" };
    expect(await onceWith(29_000)(key, effect)).toEqual({ kind: "answered", response: answer, replayed: false });
    expect(await onceWith(29_000)(key, effect)).toEqual({ kind: "answered", response: answer, replayed: true });
    expect(runs).toBe(1);
  });

  test("tells other keys apart and refuses the same key for something else", async () => {
    const once = onceWith(29_000);
    const effect = async () => answer;
    await once({ key: "1", fingerprint: "a" }, effect);
    expect(await once({ key: "2", fingerprint: "b" }, effect)).toMatchObject({ replayed: false });
    expect(await once({ key: "1", fingerprint: "b" }, effect)).toEqual({ kind: "reused" });
  });

  test("says that the first call is under way", async () => {
    const once = onceWith(29_000);
    const key = { key: "1", fingerprint: "a" };
    const outer = await once(key, async () => {
      expect(await onceWith(29_000)(key, async () => answer)).toEqual({ kind: "in-progress" });
      return answer;
    });
    expect(outer).toMatchObject({ replayed: false });
  });

  test("forgets an effect that threw, and lets its very error through", async () => {
    const once = onceWith(29_000);
    const key = { key: "1", fingerprint: "a" };
    const error = new Error("refused");
    await expect(once(key, () => Promise.reject(error))).rejects.toBe(error);
    expect(await once(key, async () => answer)).toMatchObject({ replayed: false });
  });

  test("takes over from a function that was cut off when its time is up", async () => {
    const key = { key: "1", fingerprint: "a" };
    // Its effect never comes back: Lambda has stopped the function.
    void onceWith(1)(key, () => new Promise(() => {}));
    await expect
      .poll(async () => (await client.send(new ScanCommand({ TableName: tableName() }))).Count, { interval: 5 })
      .toBe(1);
    await expect
      .poll(() => onceWith(29_000)(key, async () => answer), { interval: 5 })
      .toMatchObject({ replayed: false });
  });

  test("keeps no key in the clear, under a prefix of its own, for a day", async () => {
    await onceWith(29_000)({ key: "a-callers-own-key", fingerprint: "a-fingerprint" }, async () => answer);
    const [item] = (await client.send(new ScanCommand({ TableName: tableName() }))).Items ?? [];
    expect(item?.id?.S).toMatch(/^api#[A-Za-z0-9+/]{43}=$/);
    expect(JSON.stringify(item)).not.toMatch(/a-callers-own-key|a-fingerprint/);
    const secondsLeft = Number(item?.expiration?.N) - Date.now() / 1000;
    expect(secondsLeft).toBeGreaterThan(86_000);
    expect(secondsLeft).toBeLessThan(86_500);
  });
});
