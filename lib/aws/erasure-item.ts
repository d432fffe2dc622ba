import * as z from "zod";
import { accountHashOf, markKeptMs, removedKeptMs } from "../engine/erasure.ts";
import type { Erasure } from "../engine/erasure.ts";
import { timeSortKey } from "../engine/page-cursor.ts";
import type { Connection } from "../engine/ports.ts";
import { connectionKey, connectionOfItem } from "./connection-item.ts";
import { jsonOf, number, text } from "./item.ts";
import type { Item } from "./item.ts";

// Lazy, as the webhook function loads this file and a cold start is time that a partner waits.
const ErasureBody: z.ZodType<Erasure> = z.lazy(() =>
  z.object({
    partner: z.string(),
    connectionId: z.string(),
    stage: z.enum(["removed", "erasing", "erased"]),
    tenantId: z.string().nullable(),
    account: z.string().nullable(),
    quotaItem: z.string().nullable(),
    resources: z.array(z.string()),
    markedAtMs: z.number(),
    answersAfter: z.string().exactOptional(),
    revision: z.number(),
  }),
);

/** The connection of an item, or null where it is gone and the mark of that stands in its place. Throws `CorruptItem`. */
export function connectionIn(table: string, item: Item | null): Connection | null {
  return item === null || isMark(item) ? null : connectionOfItem(table, item);
}

export function isMark(item: Item): boolean {
  return item["erasure"] !== undefined;
}

/** Throws `CorruptItem`. */
export function erasureOfItem(table: string, item: Item): Erasure {
  return jsonOf(table, item, ErasureBody, "erasure");
}

/** In the connection's place; found by its tenant until nothing is left, and then kept for as long as a queue may speak of it. */
export function itemOfErasure(erasure: Erasure): Item {
  const { partner, connectionId, stage, tenantId, markedAtMs } = erasure;
  const keptMs = stage === "erased" ? markKeptMs : removedKeptMs;
  return {
    ...connectionKey(partner, connectionId),
    revision: number(erasure.revision),
    erasure: text(JSON.stringify(erasure)),
    ...(tenantId !== null && {
      tenantId: text(tenantId),
      createdSort: text(timeSortKey(markedAtMs, `${partner}#${connectionId}`)),
    }),
    // What is under way must not be forgotten half-way.
    ...(stage !== "erasing" && { expiresAt: number(Math.ceil((markedAtMs + keptMs) / 1_000)) }),
  };
}

/** That the connection of an account is gone: an event names the account alone. */
export function accountMarkKey(partner: string, account: string): Item {
  return { pk: text(`${partner}#erased#${accountHashOf(partner, account)}`), sk: text("mark") };
}

export function itemOfAccountMark(erasure: Erasure, account: string): Item {
  const expiresAt = number(Math.ceil((erasure.markedAtMs + markKeptMs) / 1_000));
  return { ...accountMarkKey(erasure.partner, account), expiresAt };
}
