import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createPorts } from "../../lib/aws/ports.ts";
import type { AwsPorts } from "../../lib/aws/ports.ts";
import { keyCacheMs, useNotedEveryMs } from "../../lib/engine/api-key.ts";
import type { ApiKey } from "../../lib/engine/api-key.ts";
import { tableNameFor } from "../../lib/engine/names.ts";
import { registryOf } from "../../lib/engine/registry.ts";
import { SeededRandom, startMs, VirtualClock } from "../support/memory/clock.ts";
import { stage, startServices } from "./support/services.ts";
import type { TestServices } from "./support/services.ts";

let services: TestServices;
let made = 0;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => services.stop());

/** A function with a cache of its own, at a time of its own. */
function worker(): AwsPorts & { readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  return { ...createPorts(services.source, registryOf([]), { clock, random: new SeededRandom(made) }), clock };
}

function newKey(changes: Partial<ApiKey> = {}): ApiKey {
  made += 1;
  return {
    id: `key_${String(made).padStart(4, "0")}`,
    name: "a dashboard",
    role: "viewer",
    tenantId: null,
    digest: "d".repeat(64),
    createdBy: "first (the first key)",
    createdAtMs: startMs,
    expiresAtMs: startMs + 86_400_000,
    revokedAtMs: null,
    lastUsedAtMs: null,
    ...changes,
  };
}

async function itemOf(id: string) {
  const Key = { pk: { S: "api-keys" }, sk: { S: id } };
  const answer = await services.dynamo.send(
    new GetItemCommand({ TableName: tableNameFor(stage, "connections"), Key, ConsistentRead: true }),
  );
  return answer.Item;
}

describe("the keys of the API in the table", () => {
  it("are found as they were made, made once, and shown to no list of connections", async () => {
    const { keys, connections } = worker();
    const key = newKey({ tenantId: "tenant-1", role: "operator" });
    expect(await keys.create(key)).toBe("created");
    expect(await keys.create({ ...key, role: "admin" })).toBe("exists");
    expect(await worker().keys.find(key.id)).toEqual(key);
    expect(await keys.find("key_none")).toBeNull();
    expect((await connections.list(null, { limit: 10, cursor: null })).items).toEqual([]);
    expect((await connections.list("tenant-1", { limit: 10, cursor: null })).items).toEqual([]);
  });

  it("are listed by their ids, page by page", async () => {
    const { keys } = worker();
    await keys.create(newKey());
    await keys.create(newKey());
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof keys.list>> = await keys.list({ limit: 1, cursor });
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.next;
      expect(page.total).toBe(made);
    } while (cursor !== null);
    expect(ids).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(ids).toHaveLength(made);
  });

  it("may be known elsewhere as they were for a minute and no longer, unknown ones too", async () => {
    const [here, there] = [worker(), worker()];
    const key = newKey();
    await here.keys.create(key);
    await there.keys.find(key.id);
    const revoked = await here.keys.revoke(key.id, startMs);
    expect(revoked).toEqual({ ...key, revokedAtMs: startMs });
    expect(await here.keys.find(key.id)).toEqual(revoked);
    there.clock.advance(keyCacheMs - 1);
    await there.keys.noteUse(key.id, there.clock.nowMs());
    expect(await there.keys.find(key.id)).toEqual(key);
    there.clock.advance(1);
    expect((await there.keys.find(key.id))?.revokedAtMs).toBe(startMs);
  });

  it("stay revoked at the time when they first were, and one that is not there is not made by it", async () => {
    const { keys } = worker();
    const key = newKey();
    await keys.create(key);
    await keys.revoke(key.id, startMs + 1);
    expect((await keys.revoke(key.id, startMs + 2))?.revokedAtMs).toBe(startMs + 1);
    expect(await keys.revoke("key_none", startMs)).toBeNull();
    await keys.noteUse("key_none", startMs);
    expect(await itemOf("key_none")).toBeUndefined();
  });

  it("have their use noted once an hour by all workers, with one call by each", async () => {
    const [here, there] = [worker(), worker()];
    const key = newKey();
    await here.keys.create(key);
    const sent = vi.spyOn(DynamoDBClient.prototype, "send");
    const updates = () => sent.mock.calls.filter(([command]) => command instanceof UpdateItemCommand).length;
    await here.keys.noteUse(key.id, startMs);
    await here.keys.noteUse(key.id, startMs + 1);
    await there.keys.noteUse(key.id, startMs + 2);
    expect(updates()).toBe(2);
    sent.mockRestore();
    expect((await itemOf(key.id))?.["lastUsedAtMs"]?.N).toBe(String(startMs));
    here.clock.advance(useNotedEveryMs);
    await here.keys.noteUse(key.id, here.clock.nowMs());
    expect((await itemOf(key.id))?.["lastUsedAtMs"]?.N).toBe(String(startMs + useNotedEveryMs));
  });

  it("are removed by the table ninety days after their end", async () => {
    const key = newKey();
    await worker().keys.create(key);
    expect((await itemOf(key.id))?.["expiresAt"]?.N).toBe(String((key.expiresAtMs + 90 * 86_400_000) / 1_000));
  });
});

describe("the audit log in the table", () => {
  it("is read a day at a time, the oldest first", async () => {
    const { audit } = worker();
    const entry = { actor: "first", action: "key.create", subject: "key_1", detail: {} };
    const times = [startMs + 2, startMs, startMs + 1, startMs + 86_400_000];
    for (const [index, atMs] of times.entries()) await audit.append({ ...entry, atMs, id: `entry-${index}` });
    const page = await audit.list("2026-03-01", { limit: 2, cursor: null });
    expect([page.items.map(({ id }) => id), page.total]).toEqual([["entry-1", "entry-2"], 3]);
    const rest = await audit.list("2026-03-01", { limit: 2, cursor: page.next });
    expect(rest.items.map(({ id }) => id)).toEqual(["entry-0"]);
    expect(rest.items[0]).toEqual({ ...entry, atMs: startMs + 2, id: "entry-0" });
    expect((await audit.list("2026-03-02", { limit: 2, cursor: null })).total).toBe(1);
  });
});
