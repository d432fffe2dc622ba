import { chmodSync, closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Small JSON documents by kind and id, each write atomic and kept through a SIGKILL. For services whose state is small. */
export interface DocumentStore {
  get(kind: string, id: string): unknown;
  put(kind: string, id: string, document: unknown): void;
  /** True when there was one. */
  remove(kind: string, id: string): boolean;
  /** In the order of their ids, after one id when given. */
  list(kind: string, limit: number, afterId?: string): readonly { readonly id: string; readonly document: unknown }[];
  /** Leaves nothing in the file but the documents that are there. */
  forgetRemoved(): void;
  close(): void;
}

/** @param path of the database file, made with its folder if missing; readable by the owner alone, for it holds keys */
export function openDocumentStore(path: string): DocumentStore {
  mkdirSync(dirname(path), { recursive: true });
  // Before SQLite opens it, because the files it puts beside it take over the mode.
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
  const database = openDurableDatabase(path);
  database.exec(
    "CREATE TABLE IF NOT EXISTS documents (kind TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID",
  );
  const get = database.prepare("SELECT json FROM documents WHERE kind = ? AND id = ?");
  const put = database.prepare("INSERT OR REPLACE INTO documents (kind, id, json) VALUES (?, ?, ?)");
  const remove = database.prepare("DELETE FROM documents WHERE kind = ? AND id = ?");
  const list = database.prepare("SELECT id, json FROM documents WHERE kind = ? AND id > ? ORDER BY id LIMIT ?");
  return {
    get(kind, id) {
      const row = get.get(kind, id);
      return row === undefined ? undefined : documentOf(row);
    },
    put: (kind, id, document) => void put.run(kind, id, JSON.stringify(document)),
    remove: (kind, id) => remove.run(kind, id).changes > 0,
    list: (kind, limit, afterId = "") =>
      list.all(kind, afterId, limit).map((row) => ({ id: String(row["id"]), document: documentOf(row) })),
    forgetRemoved: () => leaveNoTrace(database),
    close: () => database.close(),
  };
}

function documentOf(row: Readonly<Record<string, unknown>>): unknown {
  return JSON.parse(String(row["json"]));
}

/**
 * A SQLite file whose committed writes outlive the process. NORMAL leaves out the sync to disk on each commit: what a SIGKILL
 * needs is only that the operating system has the write; a power cut may lose the last ones.
 */
export function openDurableDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = NORMAL");
  return database;
}

/** Writes the file anew: what was deleted stays in its pages, and in the write-ahead log beside it, until they are used again. */
export function leaveNoTrace(database: DatabaseSync): void {
  database.exec("VACUUM");
  database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}
