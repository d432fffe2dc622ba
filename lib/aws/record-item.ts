import * as z from "zod";
import type { RecordCandidate, RecordMark, RecordScope, RecordSource, StoredRecord } from "../engine/record.ts";
import { flag, flagOf, jsonOf, number, numberOf, text, textOf } from "./item.ts";
import type { Item } from "./item.ts";
import { dataNames } from "./record-data.ts";
import type { Update } from "./table.ts";

/** What neither the condition nor the digests index needs to see. */
const RecordBody: z.ZodType<{ readonly model: string; readonly fetchedAtMs: number; readonly source: RecordSource }> =
  z.object({
    model: z.string(),
    fetchedAtMs: z.number(),
    source: z.object({ kind: z.enum(["webhook", "run"]), id: z.string() }),
  });

export function recordPartition(scope: RecordScope): string {
  return `${scope.partner}#${scope.connectionId}#${scope.resource}`;
}

export function recordKey(scope: RecordScope, externalId: string): Item {
  return { pk: text(recordPartition(scope)), sk: text(externalId) };
}

/** The attributes of a state beside its keys and its data. */
function stateOf(candidate: RecordCandidate, version: number, writtenAtMs: number): Item {
  const { digest, order, deleted, model, fetchedAtMs, source } = candidate;
  return {
    digest: text(digest),
    order: number(order),
    deleted: flag(deleted),
    version: number(version),
    writtenAtMs: number(writtenAtMs),
    body: text(JSON.stringify({ model, fetchedAtMs, source })),
  };
}

/** The first state of a record as a whole item: cheaper to put than to update. */
export function firstItemFor(key: Item, candidate: RecordCandidate, data: Item, writtenAtMs: number): Item {
  return { ...key, ...stateOf(candidate, 1, writtenAtMs), ...data };
}

/** Every state that differs has a version of its own, and one state's order only moves: the two name what was compared. */
const stillAsMarked = "#version = :marked AND #order = :markedOrder";

function marked(mark: RecordMark): Item {
  return { ":marked": number(mark.version), ":markedOrder": number(mark.order) };
}

/**
 * The next state in place of the very one that was compared, or nothing: the rule of what is newer stands in one place, and
 * a race makes the loser compare again. `data` is null of a tombstone, which keeps the last data known.
 */
export function updateFor(
  candidate: RecordCandidate,
  mark: RecordMark,
  data: Item | null,
  writtenAtMs: number,
  end: Item = {},
): Update {
  const set = { ...stateOf(candidate, mark.version + 1, writtenAtMs), ...data, ...end };
  const names = Object.keys(set);
  const removed = data === null ? [] : dataNames.filter((name) => !names.includes(name));
  const remove = removed.length === 0 ? "" : ` REMOVE ${removed.map((name) => `#${name}`).join(", ")}`;
  return {
    UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(", ")}${remove}`,
    ConditionExpression: stillAsMarked,
    ExpressionAttributeNames: Object.fromEntries([...names, ...removed].map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ...Object.fromEntries(Object.entries(set).map(([name, value]) => [`:${name}`, value])),
      ...marked(mark),
    },
  };
}

/** The same state under a newer version of the partner's. */
export function advanceFor(candidate: RecordCandidate, mark: RecordMark): Update {
  return {
    UpdateExpression: "SET #order = :order",
    ConditionExpression: stillAsMarked,
    ExpressionAttributeNames: { "#order": "order", "#version": "version" },
    ExpressionAttributeValues: { ":order": number(candidate.order), ...marked(mark) },
  };
}

/** What a mark is made of, without the record's data. */
export const markProjection = {
  ProjectionExpression: "sk, #digest, #order, #version, #deleted, #writtenAtMs",
  ExpressionAttributeNames: {
    "#digest": "digest",
    "#order": "order",
    "#version": "version",
    "#deleted": "deleted",
    "#writtenAtMs": "writtenAtMs",
  },
};

/** Throws `CorruptItem`. */
export function markOfItem(table: string, item: Item): RecordMark {
  return {
    externalId: textOf(table, item, "sk"),
    digest: textOf(table, item, "digest"),
    order: numberOf(table, item, "order"),
    version: numberOf(table, item, "version"),
    deleted: flagOf(table, item, "deleted"),
    writtenAtMs: numberOf(table, item, "writtenAtMs"),
  };
}

/** Throws `CorruptItem`. */
export function recordOfItem(table: string, scope: RecordScope, item: Item, data: StoredRecord["data"]): StoredRecord {
  const { partner, connectionId, resource } = scope;
  const body = jsonOf(table, item, RecordBody);
  return { partner, connectionId, resource, ...body, ...markOfItem(table, item), data };
}
