import * as z from "zod";
import type { StoredRecord } from "../engine/record.ts";
import type { Bucket } from "./claim-checks.ts";
import type { Item } from "./item.ts";
import { loadRecord } from "./load-record.ts";

/** DynamoDB's own JSON, as streams carry it: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
const Image: z.ZodType<Item> = z.record(
  z.string(),
  z.union([
    z.object({ S: z.string() }),
    z.object({ N: z.string() }),
    z.object({ BOOL: z.boolean() }),
    z.object({ NULL: z.literal(true) }),
  ]),
);

const StreamEvent = z.object({
  Records: z.array(
    z.object({
      eventName: z.enum(["INSERT", "MODIFY", "REMOVE"]),
      dynamodb: z.object({
        SequenceNumber: z.string(),
        Keys: z.object({ pk: z.object({ S: z.string() }), sk: z.object({ S: z.string() }) }),
        NewImage: Image.optional(),
        OldImage: Image.optional(),
      }),
    }),
  ),
});

export interface StreamChange {
  readonly before: StoredRecord | null;
  readonly after: StoredRecord;
}

/** Reads one change whole; its sequence number says where a batch stopped. */
export interface StreamReader {
  readonly sequence: string;
  read(): Promise<StreamChange>;
}

/** The changes of a stream's batch, in its order. A record that is removed altogether (erased, or its connection gone) is none. */
export function readStreamChanges(event: unknown, table: string, bucket: Bucket): readonly StreamReader[] {
  const { Records } = StreamEvent.parse(event);
  return Records.flatMap(({ dynamodb }) => {
    const { NewImage, OldImage, Keys, SequenceNumber } = dynamodb;
    if (NewImage === undefined) return [];
    const [partner = "", connectionId = "", resource = ""] = Keys.pk.S.split("#");
    const scope = { partner, connectionId, resource };
    const read = async (): Promise<StreamChange> => ({
      before: OldImage === undefined ? null : await loadRecord({ table, bucket }, scope, OldImage),
      after: await loadRecord({ table, bucket }, scope, NewImage),
    });
    return [{ sequence: SequenceNumber, read }];
  });
}
