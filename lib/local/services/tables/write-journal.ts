import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { StreamRecord } from "../../types.ts";
import { leaveNoTrace, openDurableDatabase } from "../state/document-store.ts";

type Json = Readonly<Record<string, unknown>>;

/** A write to one item, noted before it happens. */
export interface Intent {
  readonly tableName: string;
  readonly operation: "PutItem" | "UpdateItem" | "DeleteItem";
  readonly input: Json;
  readonly key: Json;
  readonly oldImage: Json | null;
  /** Removed by time to live, which the stream record tells. */
  readonly byTimeToLive: boolean;
}

/**
 * Writes in the order of their sequence numbers. An intent is pending until its write's outcome is known; then it becomes
 * a stream record or is dropped. What is pending when the process is killed is found again by `pending()`.
 */
export interface WriteJournal {
  /** All or none; returns the sequence numbers in the order given. */
  begin(intents: readonly Intent[]): readonly number[];
  /** The write happened: what it left becomes part of the table's stream. */
  complete(outcomes: readonly { readonly sequence: number; readonly newImage: Json | null }[]): void;
  /** Nothing changed, or the table has no stream. */
  drop(sequences: readonly number[]): void;
  pending(): readonly (Intent & { readonly sequence: number })[];
  /** Completed records after a position, in order, ending before the first that is still pending. */
  read(tableName: string, streamArn: string, afterSequence: string | null, limit: number): readonly StreamRecord[];
  /** Removes records older than the time, as DynamoDB does after 24 hours. */
  prune(beforeMs: number): void;
  /** The sequence number of the newest record of a table's stream; null when it has none. */
  newest(tableName: string): number | null;
  /** Removes the records up to one, which all of the stream's readers have had, and leaves none of what was removed in the file. */
  forget(upTo: ReadonlyMap<string, number>): void;
  close(): void;
}

const schema = `
  CREATE TABLE IF NOT EXISTS writes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    table_name TEXT NOT NULL,
    key TEXT NOT NULL,
    old_image TEXT,
    new_image TEXT,
    by_time_to_live INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    pending_request TEXT
  );
  CREATE INDEX IF NOT EXISTS writes_by_table ON writes (table_name, sequence);
  CREATE INDEX IF NOT EXISTS writes_pending ON writes (sequence) WHERE pending_request IS NOT NULL;
`;

const pendingMax = 100_000;

export function openWriteJournal(path: string, nowMs: () => number): WriteJournal {
  const database = openDurableDatabase(path);
  database.exec(schema);
  const insert = database.prepare(
    "INSERT INTO writes (table_name, key, old_image, by_time_to_live, created_at_ms, pending_request) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const complete = database.prepare("UPDATE writes SET new_image = ?, pending_request = NULL WHERE sequence = ?");
  const drop = database.prepare("DELETE FROM writes WHERE sequence = ?");
  const pending = database.prepare("SELECT * FROM writes WHERE pending_request IS NOT NULL ORDER BY sequence LIMIT ?");
  const read = database.prepare("SELECT * FROM writes WHERE table_name = ? AND sequence > ? ORDER BY sequence LIMIT ?");
  const prune = database.prepare("DELETE FROM writes WHERE created_at_ms < ? AND pending_request IS NULL");
  const newest = database.prepare("SELECT max(sequence) AS sequence FROM writes WHERE table_name = ?");
  const forget = database.prepare(
    "DELETE FROM writes WHERE table_name = ? AND sequence <= ? AND pending_request IS NULL",
  );

  return {
    begin(intents) {
      const sequences: number[] = [];
      together(
        database,
        () => {
          for (const intent of intents) {
            const { operation, input } = intent;
            const request = JSON.stringify({ operation, input });
            const values = [intent.tableName, JSON.stringify(intent.key), jsonOrNull(intent.oldImage)];
            const row = insert.run(...values, intent.byTimeToLive ? 1 : 0, nowMs(), request);
            sequences.push(Number(row.lastInsertRowid));
          }
        },
        intents.length,
      );
      return sequences;
    },
    complete(outcomes) {
      together(
        database,
        () => {
          for (const { sequence, newImage } of outcomes) complete.run(jsonOrNull(newImage), sequence);
        },
        outcomes.length,
      );
    },
    drop(sequences) {
      together(
        database,
        () => {
          for (const sequence of sequences) drop.run(sequence);
        },
        sequences.length,
      );
    },
    pending: () => pending.all(pendingMax).map(intentOf),
    read(tableName, streamArn, afterSequence, limit) {
      const rows = read.all(tableName, Number(afterSequence ?? 0), limit);
      const firstPending = rows.findIndex((row) => row["pending_request"] !== null);
      const ready = firstPending < 0 ? rows : rows.slice(0, firstPending);
      return ready.map((row) => recordOf(row, streamArn));
    },
    prune: (beforeMs) => void prune.run(beforeMs),
    newest: (tableName) => numberOrNull(newest.get(tableName)?.["sequence"]),
    forget(upTo) {
      for (const [tableName, sequence] of upTo) forget.run(tableName, sequence);
      leaveNoTrace(database);
    },
    close: () => database.close(),
  };
}

function together(database: DatabaseSync, work: () => void, count: number): void {
  if (count === 1) return work();
  database.exec("BEGIN");
  try {
    work();
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

type Row = Readonly<Record<string, unknown>>;

function intentOf(row: Row): Intent & { readonly sequence: number } {
  // Written by `begin` above and by nothing else.
  const request = JSON.parse(String(row["pending_request"])) as Pick<Intent, "operation" | "input">;
  return {
    sequence: Number(row["sequence"]),
    tableName: String(row["table_name"]),
    key: imageOf(row["key"]) ?? {},
    oldImage: imageOf(row["old_image"]),
    byTimeToLive: row["by_time_to_live"] === 1,
    ...request,
  };
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html */
function recordOf(row: Row, streamArn: string): StreamRecord {
  const sequence = Number(row["sequence"]);
  const oldImage = imageOf(row["old_image"]);
  const newImage = imageOf(row["new_image"]);
  return {
    eventID: createHash("md5").update(`${streamArn}#${sequence}`).digest("hex"),
    eventName: oldImage === null ? "INSERT" : newImage === null ? "REMOVE" : "MODIFY",
    eventSource: "aws:dynamodb",
    eventSourceARN: streamArn,
    ...(row["by_time_to_live"] === 1
      ? { userIdentity: { type: "Service" as const, principalId: "dynamodb.amazonaws.com" as const } }
      : {}),
    dynamodb: {
      // Padded, so that positions compare as text as they do as numbers.
      SequenceNumber: String(sequence).padStart(21, "0"),
      Keys: imageOf(row["key"]) ?? {},
      ...(newImage === null ? {} : { NewImage: newImage }),
      ...(oldImage === null ? {} : { OldImage: oldImage }),
      ApproximateCreationDateTime: Math.floor(Number(row["created_at_ms"]) / 1000),
      StreamViewType: "NEW_AND_OLD_IMAGES",
    },
  };
}

function imageOf(json: unknown): Json | null {
  // Images are written as JSON objects only.
  return typeof json === "string" ? (JSON.parse(json) as Json) : null;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

function jsonOrNull(image: Json | null): string | null {
  return image === null ? null : JSON.stringify(image);
}
