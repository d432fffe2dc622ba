import type { AppendLog } from "./append-log.ts";
import { JournalEntry } from "./journal-entry.ts";

/** Whatever holds a part of the sandbox's memory: a fold over the journal, the same live as after a kill. */
export interface JournalListener {
  /** `live` is false while an earlier life of the sandbox is read back. */
  apply(entry: JournalEntry, live: boolean): void;
}

/** The one durable truth of a sandbox; objects, ledger, keys and pending webhooks are folds over it. */
export class Journal {
  readonly #log: AppendLog;
  readonly #listeners: readonly JournalListener[];

  constructor(log: AppendLog, listeners: readonly JournalListener[]) {
    this.#log = log;
    this.#listeners = listeners;
  }

  /** Reads an earlier life back. Throws when a line is not an entry: the folder belongs to something else. */
  replay(): void {
    let lineNumber = 0;
    for (const { line } of this.#log.lines()) {
      lineNumber += 1;
      const entry = JournalEntry.safeParse(parseJson(line));
      if (!entry.success) {
        throw new Error(
          `${this.#log.path}, line ${lineNumber} is not an entry of this version's journal; delete the sandbox's folder to start afresh`,
        );
      }
      for (const listener of this.#listeners) listener.apply(entry.data, false);
    }
  }

  /** Durable first, then in memory; nothing may be told to the outside before this returns. */
  record(entry: JournalEntry): void {
    if (!this.#log.append(JSON.stringify(entry))) return;
    for (const listener of this.#listeners) listener.apply(entry, true);
  }

  /** Entries of one kind from a byte offset on, for readers of the ledger; reads at most `scanBytesMax` of the file. */
  read(
    kind: JournalEntry["kind"] | null,
    fromByte: number,
    limit: number,
    scanBytesMax = 16 << 20,
  ): { entries: JournalEntry[]; nextByte: number; more: boolean } {
    const entries: JournalEntry[] = [];
    let nextByte = fromByte;
    for (const line of this.#log.lines(fromByte)) {
      if (entries.length >= limit || nextByte - fromByte > scanBytesMax) return { entries, nextByte, more: true };
      nextByte = line.nextByte;
      const entry = JournalEntry.parse(parseJson(line.line));
      if (kind === null || entry.kind === kind) entries.push(entry);
    }
    return { entries, nextByte, more: false };
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
