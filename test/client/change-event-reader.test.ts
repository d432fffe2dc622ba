import { describe, expect, test } from "vitest";
import { readChangeEvent } from "../../lib/client/change-event-reader.ts";
import { connectionEventOf, failureEventOf, recordEventOf } from "../../lib/engine/change-event.ts";
import type { ChangeEvent } from "../../lib/engine/change-event.ts";
import { connectionOf, failureOf } from "../support/port-values.ts";

const owner = { partner: "acme", connectionId: "acme_1" };

/** As a rule brings an event to a queue. */
function message({ type, id, atMs, detail }: ChangeEvent): string {
  return JSON.stringify({
    version: "0",
    id: "ee6c0a3e-0000-4000-8000-000000000000",
    "detail-type": type,
    source: "sluice",
    time: new Date(atMs).toISOString(),
    detail: { id, ...detail },
  });
}

const entry = {
  ...owner,
  resource: "orders",
  externalId: "order-1",
  version: 2,
  change: "updated",
  changed: ["amount"],
  source: { kind: "webhook", id: "webhook-1" },
  fetchedAtMs: 1,
  writtenAtMs: 2,
  data: { amount: "7" },
} as const;
const told = [
  recordEventOf(entry, "order", "tenant-1"),
  recordEventOf({ ...entry, change: "deleted" }, "order", null),
  connectionEventOf(null, connectionOf(owner)),
  connectionEventOf(connectionOf(owner), null),
  failureEventOf(null, failureOf(owner)),
].filter((event) => event !== null);

describe("what is told", () => {
  test.each(told.map((event) => [event.type, event] as const))("%s is read as it was told", (_type, event) => {
    const read = readChangeEvent(message(event));
    expect([read.type, read.id, read.at]).toEqual([event.type, event.id, new Date(event.atMs).toISOString()]);
    expect(read.detail).toEqual({ id: event.id, ...event.detail });
  });

  test("by somebody else is refused", () => {
    const other = JSON.stringify({ "detail-type": "order.shipped", time: "", detail: {} });
    expect(() => readChangeEvent(other)).toThrow("detail-type");
    expect(() => readChangeEvent("no JSON")).toThrow("JSON");
  });
});
