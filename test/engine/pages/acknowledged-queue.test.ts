import { describe, expect, test } from "vitest";
import { queuePages } from "../../../lib/engine/pages/acknowledged-queue.ts";
import { PageShapeError } from "../../../lib/engine/pages/page-strategy.ts";
import type { Cursor } from "../../../lib/engine/run.ts";

const pages = queuePages({
  items: "messages",
  receipt: "ack",
  acknowledge: (ids) => ({ method: "POST", path: "/ack", body: { ids } }),
  limit: { parameter: "max", size: 2 },
});
const message = (ack: unknown) => ({ ack, text: "hello" });

describe("a queue at the partner", () => {
  test("is asked in the same way until it is empty, and told what is kept", () => {
    let waiting = ["a", "b", "c"];
    let cursor: Cursor | null = null;
    const seen: unknown[] = [];
    for (;;) {
      expect(pages.request(cursor)).toEqual({ kind: "query", query: { max: "2" } });
      const content = pages.read({ messages: waiting.slice(0, 2).map(message) }, cursor);
      seen.push(...content.items);
      if (content.next === null) break;
      expect(content.acknowledge).toEqual({ method: "POST", path: "/ack", body: { ids: waiting.slice(0, 2) } });
      waiting = waiting.slice(2);
      cursor = content.next;
    }
    expect(seen).toEqual(["a", "b", "c"].map(message));
  });

  test("never names everything that there is", () => expect(pages.isPartial).toBe(true));

  test("that keeps what was acknowledged is refused", () => {
    const body = { messages: [message("a")] };
    const { next } = pages.read(body, null);
    expect(() => pages.read(body, next)).toThrow(PageShapeError);
  });

  test.each([[undefined], [""], [null], ["x".repeat(2_001)], [0.5]])("has receipts, and not %j", (ack) => {
    expect(() => pages.read({ messages: [message(ack)] }, null)).toThrow(PageShapeError);
  });
});
