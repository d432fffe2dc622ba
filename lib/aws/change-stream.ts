import * as z from "zod";
import { tableNameFor } from "../engine/names.ts";
import type { Connection, Failure } from "../engine/ports.ts";
import type { RecordScope, StoredRecord } from "../engine/record.ts";
import type { Bucket } from "./claim-checks.ts";
import { connectionIn } from "./erasure-item.ts";
import { bodyOfFailure, failureOfItem } from "./failure-item.ts";
import type { Item } from "./item.ts";
import { loadRecord } from "./load-record.ts";
import { DataGone } from "./record-data.ts";

/** DynamoDB's own JSON, as streams carry it: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
const Image: z.ZodType<Item> = z.record(
  z.string(),
  z.union([
    z.object({ S: z.string() }),
    z.object({ N: z.string() }),
    z.object({ B: z.string().transform((base64) => Buffer.from(base64, "base64")) }),
    z.object({ BOOL: z.boolean() }),
    z.object({ NULL: z.literal(true) }),
  ]),
);

const StreamEvent = z.object({
  Records: z.array(
    z.object({
      /** `arn:aws:dynamodb:region:account:table/NAME/stream/…` */
      eventSourceARN: z.string(),
      /** There only where DynamoDB removed the item itself, as its time was over. */
      userIdentity: z.object({ principalId: z.string() }).optional(),
      dynamodb: z.object({
        SequenceNumber: z.string(),
        Keys: z.object({ pk: z.object({ S: z.string() }), sk: z.object({ S: z.string() }) }),
        NewImage: Image.optional(),
        OldImage: Image.optional(),
      }),
    }),
  ),
});

type Row = z.infer<typeof StreamEvent>["Records"][number]["dynamodb"];

/** What a change is before it is read: its kind follows from the table whose stream told it. */
export type StreamChange =
  | { readonly kind: "record"; readonly before: StoredRecord | null; readonly after: StoredRecord }
  | { readonly kind: "record-removed"; readonly scope: RecordScope; readonly externalId: string }
  /** A state whose data is no longer there: erased before it was told, most likely. */
  | { readonly kind: "record-lost"; readonly scope: RecordScope; readonly externalId: string }
  | { readonly kind: "connection"; readonly before: Connection | null; readonly after: Connection | null }
  | { readonly kind: "failure"; readonly before: Failure | null; readonly after: Failure };

/** Reads one change whole; its sequence number says where a batch stopped. */
export interface StreamReader {
  readonly sequence: string;
  read(): Promise<StreamChange>;
}

interface World {
  readonly stage: string;
  readonly bucket: Bucket;
}

/**
 * The changes of a stream's batch that somebody may want to know, in its order. What expired is none, nor a failure that is
 * removed altogether, nor what else stands in the connections' table.
 */
export function readStreamChanges(event: unknown, world: World): readonly StreamReader[] {
  return StreamEvent.parse(event).Records.flatMap(({ eventSourceARN, dynamodb, userIdentity }) => {
    // Its states have times of their own, which are over as well.
    if (userIdentity?.principalId === "dynamodb.amazonaws.com") return [];
    const read = readerFor(world, tableOf(eventSourceARN), dynamodb);
    return read === null ? [] : [{ sequence: dynamodb.SequenceNumber, read }];
  });
}

function tableOf(streamArn: string): string {
  return streamArn.split("/")[1] ?? "";
}

function readerFor(world: World, table: string, row: Row): StreamReader["read"] | null {
  switch (table) {
    case tableNameFor(world.stage, "records"):
      return recordReader(world.bucket, table, row);
    case tableNameFor(world.stage, "connections"):
      return row.Keys.sk.S === "meta" ? async () => connectionChange(table, row) : null;
    case tableNameFor(world.stage, "failures"):
      return failureReader(table, row);
    default:
      throw new Error(`no table of ours has the stream of "${table}"`);
  }
}

function recordReader(bucket: Bucket, table: string, { NewImage, OldImage, Keys }: Row): StreamReader["read"] {
  const [partner = "", connectionId = "", resource = ""] = Keys.pk.S.split("#");
  const scope: RecordScope = { partner, connectionId, resource };
  const externalId = Keys.sk.S;
  if (NewImage === undefined) return async () => ({ kind: "record-removed", scope, externalId });
  return async () => {
    try {
      const before = OldImage === undefined ? null : await loadRecord({ table, bucket }, scope, OldImage);
      return { kind: "record", before, after: await loadRecord({ table, bucket }, scope, NewImage) };
    } catch (error) {
      if (!(error instanceof DataGone)) throw error;
      return { kind: "record-lost", scope, externalId };
    }
  };
}

function connectionChange(table: string, { NewImage, OldImage }: Row): StreamChange {
  const read = (image: Item | undefined): Connection | null => connectionIn(table, image ?? null);
  return { kind: "connection", before: read(OldImage), after: read(NewImage) };
}

function failureReader(table: string, { NewImage, OldImage }: Row): StreamReader["read"] | null {
  if (NewImage === undefined) return null;
  // The job is none of what an event tells: it stays where it is, in the item or in the bucket.
  const read = (image: Item): Failure => failureOfItem(table, image, bodyOfFailure(table, image));
  return async () => ({
    kind: "failure",
    before: OldImage === undefined ? null : read(OldImage),
    after: read(NewImage),
  });
}
