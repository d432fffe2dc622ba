import { createHash } from "node:crypto";
import { stepTo } from "./circle.ts";
import { PageShapeError } from "./page-strategy.ts";
import type { Acknowledgement, PageStrategy } from "./page-strategy.ts";
import { itemsAt, memberAt, shapeOf } from "./shape.ts";

export interface QueueOptions {
  /** Where an answer's list is, as a dotted path. */
  readonly items: string;
  /** Where an item's receipt (or id) is, as a dotted path. */
  readonly receipt: string;
  /** What tells the partner that these are kept. */
  readonly acknowledge: (receipts: readonly string[]) => Acknowledgement;
  readonly limit: { readonly parameter: string; readonly size: number };
}

/**
 * A queue at the partner: what is asked for stays there until it is acknowledged, which is done after it was saved. Dying
 * in between, it comes again. Empty is the end. What comes again although it was acknowledged ends the run with an error.
 *
 * @example
 * queuePages({ items: "messages", receipt: "ack_id", acknowledge: (ids) => ({ method: "POST", path: "/ack", body: { ids } }), limit: { parameter: "max", size: 50 } });
 */
export function queuePages(options: QueueOptions): PageStrategy {
  const { limit } = options;
  return {
    isPartial: true,
    request: () => ({ kind: "query", query: { [limit.parameter]: String(limit.size) } }),
    read(body, cursor) {
      const items = itemsAt(body, options.items, limit.size);
      if (items.length === 0) return { items, next: null, total: null };
      const receipts = items.map((item) => receiptOf(item, options.receipt));
      const place = createHash("sha256").update(JSON.stringify(receipts)).digest("base64url");
      return { items, next: { ...stepTo(place, cursor) }, total: null, acknowledge: options.acknowledge(receipts) };
    },
  };
}

function receiptOf(item: unknown, path: string): string {
  const receipt = memberAt(item, path);
  if (typeof receipt === "string" && receipt !== "" && receipt.length <= 2_000) return receipt;
  if (Number.isSafeInteger(receipt)) return String(receipt);
  throw new PageShapeError(`a receipt at ${path} of each item`, shapeOf(receipt));
}
