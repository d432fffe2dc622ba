import * as z from "zod";
import { nextLookOf } from "../engine/connection-look.ts";
import { timeSortKey } from "../engine/page-cursor.ts";
import type { Connection, Note, ResourceState } from "../engine/ports.ts";
import { jsonOf, number, text } from "./item.ts";
import type { Item } from "./item.ts";
import { shardOf } from "./shards.ts";

// Lazy, as the webhook function loads this file and a cold start is time that a partner waits.
const ConnectionBody: z.ZodType<Connection> = z.lazy(() =>
  z.object({
    partner: z.string(),
    connectionId: z.string(),
    tenantId: z.string(),
    name: z.string(),
    account: z.string().nullable(),
    settings: z.record(z.string(), z.string()),
    status: z.enum(["active", "paused", "needs-reconnect"]),
    statusReason: z.string().exactOptional(),
    sealedWebhookSecret: z.string().nullable(),
    subscription: z
      .object({
        wanted: z.boolean(),
        url: z.string(),
        id: z.string().nullable(),
        expiresAtMs: z.number().nullable(),
        checkedAtMs: z.number().nullable(),
        nextLookMs: z.number(),
        wishedAtMs: z.number(),
        error: z.object({ atMs: z.number(), code: z.string(), message: z.string() }).exactOptional(),
      })
      .exactOptional(),
    credential: z
      .object({ storedAtMs: z.number(), expiresAtMs: z.number().nullable(), nextLookMs: z.number() })
      .exactOptional(),
    revision: z.int().min(0),
    createdAtMs: z.number(),
    updatedAtMs: z.number(),
  }),
);

const ResourceBody: z.ZodType<ResourceState> = z.lazy(() =>
  z.object({
    partner: z.string(),
    connectionId: z.string(),
    resource: z.string(),
    nextDueMs: z.number().nullable(),
    activeRunId: z.string().nullable(),
    watermarkMs: z.number().nullable(),
    fullPassAtMs: z.number().nullable(),
    refreshAsked: z.object({ atMs: z.number(), full: z.boolean() }).nullable().exactOptional(),
    syncToken: z.string().exactOptional(),
    succeededAtMs: z.number().nullable(),
    lastError: z.object({ atMs: z.number(), code: z.string(), kind: z.string() }).nullable(),
    lastRun: z
      .object({
        runId: z.string(),
        mode: z.enum(["full", "incremental"]),
        outcome: z.enum(["done", "failed"]),
        endedAtMs: z.number(),
        durationMs: z.number(),
        fetched: z.number(),
        created: z.number(),
        updated: z.number(),
        deleted: z.number(),
        unchanged: z.number(),
        parked: z.number(),
        volume: z.enum(["usual", "doubled", "halved"]),
      })
      .exactOptional(),
    failuresInRow: z.int().min(0).exactOptional(),
    volumes: z.object({ full: z.number().exactOptional(), incremental: z.number().exactOptional() }).exactOptional(),
    revision: z.int().min(0),
  }),
);

/** A connection's own item; `credential` and `status#…` stand beside it under the same partition. */
export function connectionKey(partner: string, connectionId: string): Item {
  return { pk: text(`${partner}#${connectionId}`), sk: text("meta") };
}

/** The partitions, in the index of what is due, of the connections that are to be looked at themselves. */
export function looksPartitionOf(partner: string): string {
  return `${partner}#look`;
}

/** Both lists, a tenant's and everybody's, are in order of creation. */
export function itemOfConnection(connection: Connection): Item {
  const { partner, connectionId } = connection;
  const lookMs = nextLookOf(connection);
  return {
    ...connectionKey(partner, connectionId),
    revision: number(connection.revision),
    body: text(JSON.stringify(connection)),
    tenantId: text(connection.tenantId),
    listPartition: text(`all#${shardOf(connectionId)}`),
    createdSort: text(timeSortKey(connection.createdAtMs, `${partner}#${connectionId}`)),
    ...(lookMs !== null && {
      duePartition: text(`${looksPartitionOf(partner)}#${shardOf(connectionId)}`),
      nextDueMs: number(lookMs),
    }),
  };
}

/** Throws `CorruptItem`. */
export function connectionOfItem(table: string, item: Item): Connection {
  return jsonOf(table, item, ConnectionBody);
}

const resourcePrefix = "status#";

export function resourceKey(partner: string, connectionId: string, resource: string): Item {
  return { pk: text(`${partner}#${connectionId}`), sk: text(`${resourcePrefix}${resource}`) };
}

/** Only what is due some time is in the `due` index. */
export function itemOfResource(state: ResourceState): Item {
  const { partner, connectionId, nextDueMs } = state;
  const due =
    nextDueMs === null
      ? {}
      : { duePartition: text(`${partner}#${shardOf(connectionId)}`), nextDueMs: number(nextDueMs) };
  return {
    ...resourceKey(partner, connectionId, state.resource),
    revision: number(state.revision),
    body: text(JSON.stringify(state)),
    ...due,
  };
}

/** Throws `CorruptItem`. */
export function resourceOfItem(table: string, item: Item): ResourceState {
  return jsonOf(table, item, ResourceBody);
}

const NoteBody: z.ZodType<Note> = z.lazy(() =>
  z.object({
    partner: z.string(),
    owner: z.string(),
    name: z.string(),
    revision: z.int().min(1),
    body: z.unknown(),
  }),
);

export function noteKey(partner: string, owner: string, name: string): Item {
  return { pk: text(`${partner}#${owner}`), sk: text(`note#${name}`) };
}

export function itemOfNote(note: Note): Item {
  return {
    ...noteKey(note.partner, note.owner, note.name),
    revision: number(note.revision),
    body: text(JSON.stringify(note)),
  };
}

/** Throws `CorruptItem`. */
export function noteOfItem(table: string, item: Item): Note {
  return jsonOf(table, item, NoteBody);
}

/** Leads from an account's name at the partner to the connection that holds it. */
export function pointerKey(partner: string, account: string): Item {
  return { pk: text(`${partner}#account#${account}`), sk: text("pointer") };
}

export function itemOfPointer(connection: Pick<Connection, "partner" | "connectionId">, account: string): Item {
  return { ...pointerKey(connection.partner, account), connectionId: text(connection.connectionId) };
}
