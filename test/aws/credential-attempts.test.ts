import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPorts } from "../../lib/aws/ports.ts";
import { tableShapes } from "../../lib/constructs/table-shapes.ts";
import { makeConnectionId } from "../../lib/engine/connection-id.ts";
import { tableNameFor } from "../../lib/engine/names.ts";
import { attemptKeptMs, candidateOf, formerOf, isOfAttempt } from "../../lib/engine/oauth/credential-attempt.ts";
import { registryOf } from "../../lib/engine/registry.ts";
import { SeededRandom } from "../support/memory/clock.ts";
import { freshAttempt } from "../support/port-suite/attempts.ts";
import { stage, startServices } from "./support/services.ts";
import type { TestServices } from "./support/services.ts";

/** What is left of an attempt that nobody came to end: the table drops it by the attribute that it knows for that. */
let services: TestServices;

beforeAll(async () => {
  services = await startServices();
});
afterAll(() => services.stop());

async function endOf(pk: string, sk: string): Promise<number | null> {
  const TableName = tableNameFor(stage, "connections");
  const { Item } = await services.dynamo.send(
    new GetItemCommand({ TableName, Key: { pk: { S: pk }, sk: { S: sk } }, ConsistentRead: true }),
  );
  if (Item === undefined) throw new Error(`there is no ${pk} ${sk}`);
  const end = Item[tableShapes.connections.expiry ?? ""]?.N;
  return end === undefined ? null : Number(end) * 1_000;
}

test("an attempt, its candidate and what that replaces end by themselves, however they were written", async () => {
  const ports = createPorts(services.source, registryOf([]));
  const attempt = freshAttempt({ createdAtMs: ports.clock.nowMs() });
  const { partner, attemptId } = attempt;
  const expectSoon = async (pk: string, sk: string) => {
    const leftMs = ((await endOf(pk, sk)) ?? Number.POSITIVE_INFINITY) - ports.clock.nowMs();
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(attemptKeptMs + 2_000);
  };
  await ports.attempts.create(attempt);
  await expectSoon(`${partner}#${attemptId}`, "attempt");
  for (const owner of [candidateOf(attempt), formerOf(attempt)]) {
    const key = `${partner}#${owner.connectionId}`;
    await ports.credentials.overwrite(owner, { refreshToken: "a" });
    await expectSoon(key, "credential");
    // A candidate's token may be renewed while it is tried.
    const stored = await ports.credentials.read(owner, { fresh: true });
    expect(await ports.credentials.replace(owner, stored, { refreshToken: "b" })).toBe("stored");
    await expectSoon(key, "credential");
  }
});

test("a connection's credential stays", async () => {
  const ports = createPorts(services.source, registryOf([]));
  const connectionId = makeConnectionId("acme", "key-of-the-tests", ports.random);
  const owner = { partner: "acme", connectionId };
  await ports.credentials.overwrite(owner, { apiKey: "a" });
  expect(await endOf(`acme#${connectionId}`, "credential")).toBeNull();
  const stored = await ports.credentials.read(owner, { fresh: true });
  await ports.credentials.replace(owner, stored, { apiKey: "b" });
  expect(await endOf(`acme#${connectionId}`, "credential")).toBeNull();
});

test("no connection's id is taken for an attempt's", () => {
  const random = new SeededRandom(7);
  for (const partner of ["acme", "a1", "a-partner-with-a-long-name-x", "stripe"])
    for (let made = 0; made < 500; made++)
      expect(isOfAttempt(makeConnectionId(partner, "key-of-the-tests", random))).toBe(false);
});
