import { describe, expect, test } from "vitest";
import type { HistoryEntry } from "../../../lib/engine/history.ts";
import { startMs } from "../../support/memory-ports.ts";
import { errorsOf, TestApi } from "./support/api.ts";
import { putRecord } from "./support/seed.ts";

function entry(connectionId: string, version: number, changes: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    partner: "acme",
    connectionId,
    resource: "orders",
    externalId: "order/1",
    version,
    change: version === 1 ? "created" : "updated",
    changed: version === 1 ? [] : ["amount"],
    source: version === 1 ? { kind: "run", id: "orders-7" } : { kind: "webhook", id: "webhook-8" },
    fetchedAtMs: startMs + version,
    writtenAtMs: startMs + version + 100,
    data: { amount: "a customer's amount" },
    ...changes,
  };
}

describe("a record's history", () => {
  test("tells what changed and what brought it, the newest first, without the data", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await putRecord(api.ports, id, "order/1");
    for (const version of [1, 2]) await api.ports.history.append(entry(id, version));
    const answer = await api.call("GET", `/connections/${id}/history/orders/order/1`);
    expect(answer.data).toEqual({
      current: { version: 1, deleted: false },
      items: [
        {
          version: 2,
          change: "updated",
          changed: ["amount"],
          source: { kind: "webhook", id: "webhook-8" },
          fetchedAt: new Date(startMs + 2).toISOString(),
          writtenAt: new Date(startMs + 102).toISOString(),
        },
        {
          version: 1,
          change: "created",
          changed: [],
          source: { kind: "run", id: "orders-7" },
          fetchedAt: new Date(startMs + 1).toISOString(),
          writtenAt: new Date(startMs + 101).toISOString(),
        },
      ],
      more: false,
    });
  });

  test.each([
    [1, [3], true],
    [2, [3, 2], true],
    [3, [3, 2, 1], false],
  ])("shows %d at most and says whether there is more", async (limit, versions, more) => {
    const api = new TestApi();
    const id = await api.connect();
    for (const version of [1, 2, 3]) await api.ports.history.append(entry(id, version));
    const { data } = await api.call("GET", `/connections/${id}/history/orders/order/1`, {
      query: { limit: String(limit) },
    });
    expect(data).toMatchObject({ current: null, items: versions.map((version) => ({ version })), more });
    expect(data.items).toHaveLength(versions.length);
  });

  test("is there for a record whose stream has not come yet", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await putRecord(api.ports, id, "order-1");
    expect((await api.call("GET", `/connections/${id}/history/orders/order-1`)).data).toEqual({
      current: { version: 1, deleted: false },
      items: [],
      more: false,
    });
  });

  test("of another connection, of no resource, of no record, is not found", async () => {
    const api = new TestApi();
    const [mine, other] = [await api.connect(), await api.connect()];
    await api.ports.history.append(entry(mine, 1));
    for (const path of [
      `${other}/history/orders/order/1`,
      `${mine}/history/invoices/order/1`,
      `${mine}/history/orders/order`,
      `${mine}/history/orders/${"x".repeat(1_025)}`,
    ]) {
      const answer = await api.call("GET", `/connections/${path}`);
      expect([answer.status, errorsOf(answer)]).toEqual([404, ["not-found"]]);
    }
  });
});
