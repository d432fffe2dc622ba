import { randomBytes } from "node:crypto";
import { GetItemCommand, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CorruptItem } from "../../lib/aws/item.ts";
import { createPorts } from "../../lib/aws/ports.ts";
import type { AwsPorts } from "../../lib/aws/ports.ts";
import { tableNameFor } from "../../lib/engine/names.ts";
import type { TableName } from "../../lib/engine/names.ts";
import { historyOf } from "../../lib/engine/history.ts";
import { registryOf } from "../../lib/engine/registry.ts";
import { end } from "../../lib/engine/run.ts";
import { startMs } from "../support/memory/clock.ts";
import { candidateOf, connectionOf, failureOf, resourceOf, runOf } from "../support/port-values.ts";
import { freshOwner } from "../support/port-suite/opened.ts";
import { stage, startServices } from "./support/services.ts";
import type { TestServices } from "./support/services.ts";

let services: TestServices;
let ports: AwsPorts;
beforeAll(async () => {
  services = await startServices();
  ports = createPorts(services.source, registryOf([]));
});
afterAll(async () => services.stop());

async function itemOf(table: TableName, pk: string, sk: string): Promise<Record<string, AttributeValue>> {
  const { Item } = await services.dynamo.send(
    new GetItemCommand({ TableName: tableNameFor(stage, table), Key: { pk: { S: pk }, sk: { S: sk } } }),
  );
  return Item ?? {};
}

const ninetyDays = 90 * 86_400;

describe("what stands in the tables", () => {
  it("keys every item by its partner, which is what a partner's role is held to", async () => {
    const owner = freshOwner();
    await ports.connections.create(connectionOf(owner, { account: "acct" }));
    await ports.connections.createResource(resourceOf(owner));
    await ports.credentials.overwrite(owner, { a: "b" });
    await ports.runs.create(runOf(owner));
    await ports.failures.record(failureOf(owner));
    await ports.records.write({ ...owner, resource: "things" }, candidateOf(), null);
    for (const table of ["connections", "runs", "failures", "records"] as const) {
      const { Items = [] } = await services.dynamo.send(new ScanCommand({ TableName: tableNameFor(stage, table) }));
      const own = Items.filter((item) => JSON.stringify(item).includes(owner.partner));
      expect(own.length).toBeGreaterThan(0);
      for (const item of own) {
        expect(item["pk"]?.S?.startsWith(`${owner.partner}#`)).toBe(true);
        for (const name of ["duePartition", "activePartition", "groupPartition", "connectionPartition"]) {
          expect(item[name]?.S ?? `${owner.partner}#`).toMatch(new RegExp(`^${owner.partner}#`));
        }
      }
    }
  });

  it("expires an ended run after ninety days, and never an active one", async () => {
    const owner = freshOwner();
    const pk = `${owner.partner}#${owner.connectionId}`;
    await ports.runs.create(runOf(owner));
    expect(await itemOf("runs", pk, "run-1")).not.toHaveProperty("expiresAt");
    await ports.runs.compareAndSet(end(runOf(owner), { kind: "done", atMs: startMs }, startMs));
    const ended = await itemOf("runs", pk, "run-1");
    expect(ended["expiresAt"]?.N).toBe(String(startMs / 1000 + ninetyDays));
    expect(ended).not.toHaveProperty("activePartition");
  });

  it("expires a closed failure after ninety days, and not while it is open", async () => {
    const owner = freshOwner();
    const expiry = async () =>
      (await itemOf("failures", `${owner.partner}#${owner.connectionId}`, "failure-1"))["expiresAt"]?.N;
    await ports.failures.record(failureOf(owner));
    expect(await expiry()).toBeUndefined();
    for (const closed of ["resolved", "discarded"] as const) {
      await ports.failures.move(failureOf(owner), ["open"], closed, startMs);
      expect(await expiry()).toBe(String(startMs / 1000 + ninetyDays));
      await ports.failures.move(failureOf(owner), [closed], "open", startMs);
      expect(await expiry()).toBeUndefined();
    }
    await ports.failures.move(failureOf(owner), ["open"], "resolved", startMs);
    await ports.failures.record(failureOf(owner));
    expect(await expiry()).toBeUndefined();
  });

  it("ends states and their records when their driver or their stage says, and large ones lie below their connection", async () => {
    const scope = { ...freshOwner(), resource: "things" };
    const source = { ...services.source, SLUICE_RETENTION: JSON.stringify({ historyDays: 400, recordsDays: 30 }) };
    const kept = createPorts(source, registryOf([]));
    const dayS = 86_400;
    await kept.records.write(scope, candidateOf(), null);
    const record = await kept.records.read(scope, "thing-1");
    if (record === null) throw new Error("no record");
    const data = { text: randomBytes(450_000).toString("base64") };
    await kept.history.append({ ...historyOf(null, record), data });
    const pk = `${scope.partner}#${scope.connectionId}#things`;
    const writtenS = Math.ceil(record.writtenAtMs / 1_000);
    const recordEnds = Number((await itemOf("records", pk, "thing-1"))["expiresAt"]?.N);
    expect(Math.abs(recordEnds - (writtenS + 30 * dayS))).toBeLessThanOrEqual(1);
    const key = { pk: { S: `${pk}#thing-1` }, sk: { N: "1" } };
    const { Item } = await services.dynamo.send(
      new GetItemCommand({ TableName: tableNameFor(stage, "history"), Key: key }),
    );
    // Not for longer than its record.
    expect(Item?.["expiresAt"]?.N).toBe(String(writtenS + 30 * dayS));
    expect(Item?.["dataClaim"]?.S).toMatch(new RegExp(`^records/${scope.partner}/${scope.connectionId}/`));
    await ports.records.write(scope, candidateOf({ externalId: "thing-2" }), null);
    expect(await itemOf("records", pk, "thing-2")).not.toHaveProperty("expiresAt");
  });

  it("is an audit entry once, under its day, however often it was appended", async () => {
    const entry = {
      atMs: startMs,
      id: "entry-1",
      actor: "api",
      action: "connection.create",
      subject: "x",
      detail: { a: "b" },
    };
    await ports.audit.append(entry);
    await ports.audit.append({ ...entry, actor: "somebody who rewrites history" });
    const item = await itemOf("audit", "2026-03-01", `00${startMs}#entry-1`);
    expect(JSON.parse(item["body"]?.S ?? "")).toEqual(entry);
  });
});

describe("an item that is not what it must be", () => {
  const put = (table: TableName, item: Record<string, AttributeValue>) =>
    services.dynamo.send(new PutItemCommand({ TableName: tableNameFor(stage, table), Item: item }));

  it("is refused by name, and what is in it is not told", async () => {
    const owner = freshOwner();
    const key = { pk: { S: `${owner.partner}#${owner.connectionId}` }, sk: { S: "run-1" } };
    const bodies = [undefined, "hunter2", "{}", JSON.stringify({ ...runOf(owner), status: { kind: "hunter2" } })];
    for (const body of bodies) {
      await put("runs", { ...key, ...(body !== undefined && { body: { S: body } }) });
      const failed = await ports.runs.read(owner.partner, owner.connectionId, "run-1").catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(CorruptItem);
      expect(String(failed)).toContain(`${key.pk.S} / run-1`);
      expect(String(failed)).not.toContain("hunter2");
    }
  });

  it("is a record whose data is nowhere", async () => {
    const scope = { ...freshOwner(), resource: "things" };
    await ports.records.write(scope, candidateOf(), null);
    const item = await itemOf("records", `${scope.partner}#${scope.connectionId}#things`, "thing-1");
    await put("records", { ...item, dataClaim: { S: "records/lost" } });
    await expect(ports.records.read(scope, "thing-1")).rejects.toThrow("its data is not in the bucket");
  });
});
