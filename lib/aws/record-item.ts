import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import * as z from "zod";
import type { RecordCandidate, RecordMark, RecordScope, RecordSource, StoredRecord } from "../engine/record.ts";
import { flag, flagOf, jsonOf, number, numberOf, text, textOf } from "./item.ts";
import type { Item } from "./item.ts";
import type { Update } from "./table.ts";

/** What neither the condition nor the digests index needs to see. */
const RecordBody: z.ZodType<{ readonly model: string; readonly fetchedAtMs: number; readonly source: RecordSource }> =
  z.object({
    model: z.string(),
    fetchedAtMs: z.number(),
    source: z.object({ kind: z.enum(["webhook", "run"]), id: z.string() }),
  });

export const RecordData = z.record(z.string(), z.unknown());

/** In the item, or in the bucket where it is too large for one. */
export type DataPlace =
  { readonly kind: "inline"; readonly json: string } | { readonly kind: "claim"; readonly key: string };

export function recordPartition(scope: RecordScope): string {
  return `${scope.partner}#${scope.connectionId}#${scope.resource}`;
}

export function recordKey(scope: RecordScope, externalId: string): Item {
  return { pk: text(recordPartition(scope)), sk: text(externalId) };
}

/** Names that are reserved words of DynamoDB's expressions, and those that might become one. */
const names = {
  "#digest": "digest",
  "#order": "order",
  "#deleted": "deleted",
  "#version": "version",
  "#writtenAtMs": "writtenAtMs",
  "#body": "body",
  "#data": "data",
  "#dataClaim": "dataClaim",
};

/** One conditional update: newer and different, or nothing; the version is counted where it is stored. */
export function updateFor(candidate: RecordCandidate, place: DataPlace, writtenAtMs: number): Update {
  const { digest, order, deleted, model, fetchedAtMs, source } = candidate;
  const data = dataExpression(place, deleted);
  return {
    UpdateExpression:
      "SET #digest = :digest, #order = :order, #deleted = :deleted, #writtenAtMs = :writtenAtMs, #body = :body, " +
      `#version = if_not_exists(#version, :zero) + :one, ${data.set}${data.remove}`,
    ConditionExpression:
      "attribute_not_exists(pk) OR (#order < :order AND (#digest <> :digest OR #deleted <> :deleted))",
    ExpressionAttributeNames: data.remove === "" ? withoutClaim() : names,
    ExpressionAttributeValues: {
      ":digest": text(digest),
      ":order": number(order),
      ":deleted": flag(deleted),
      ":writtenAtMs": number(writtenAtMs),
      ":body": text(JSON.stringify({ model, fetchedAtMs, source })),
      ":zero": number(0),
      ":one": number(1),
      ":data": data.value,
    },
    ReturnValues: "UPDATED_NEW",
  };
}

/** The first state of a record as a whole item: the same attributes that `updateFor` sets, and cheaper to put than to update. */
export function firstItemFor(key: Item, candidate: RecordCandidate, place: DataPlace, writtenAtMs: number): Item {
  const { digest, order, deleted, model, fetchedAtMs, source } = candidate;
  return {
    ...key,
    digest: text(digest),
    order: number(order),
    deleted: flag(deleted),
    writtenAtMs: number(writtenAtMs),
    body: text(JSON.stringify({ model, fetchedAtMs, source })),
    version: number(1),
    ...(place.kind === "claim" ? { dataClaim: text(place.key) } : { data: text(place.json) }),
  };
}

function dataExpression(place: DataPlace, deleted: boolean): { set: string; remove: string; value: AttributeValue } {
  if (place.kind === "claim") return { set: "#dataClaim = :data", remove: " REMOVE #data", value: text(place.key) };
  const value = text(place.json);
  // A tombstone keeps the last data known, wherever that is.
  if (deleted) return { set: "#data = if_not_exists(#data, :data)", remove: "", value };
  return { set: "#data = :data", remove: " REMOVE #dataClaim", value };
}

function withoutClaim(): Record<string, string> {
  return Object.fromEntries(Object.entries(names).filter(([name]) => name !== "#dataClaim"));
}

/** What a mark is made of, without the record's data. */
export const markProjection = {
  ProjectionExpression: "sk, #digest, #order, #version, #deleted",
  ExpressionAttributeNames: { "#digest": "digest", "#order": "order", "#version": "version", "#deleted": "deleted" },
};

/** Throws `CorruptItem`. */
export function markOfItem(table: string, item: Item): RecordMark {
  return {
    externalId: textOf(table, item, "sk"),
    digest: textOf(table, item, "digest"),
    order: numberOf(table, item, "order"),
    version: numberOf(table, item, "version"),
    deleted: flagOf(table, item, "deleted"),
  };
}

/** Where an item's data is. A tombstone of something large has a claim and an empty `data` beside it. */
export function placeOfItem(table: string, item: Item): DataPlace {
  const key = item["dataClaim"]?.S;
  return key === undefined ? { kind: "inline", json: textOf(table, item, "data") } : { kind: "claim", key };
}

/** Throws `CorruptItem`. */
export function recordOfItem(table: string, scope: RecordScope, item: Item, data: StoredRecord["data"]): StoredRecord {
  const { partner, connectionId, resource } = scope;
  const writtenAtMs = numberOf(table, item, "writtenAtMs");
  return {
    partner,
    connectionId,
    resource,
    ...jsonOf(table, item, RecordBody),
    ...markOfItem(table, item),
    writtenAtMs,
    data,
  };
}
