import { setTimeout as pause } from "node:timers/promises";
import type { LocalServices } from "../../../lib/local/types.ts";

export interface RecordWatch {
  /** Forgets what was written so far. */
  skip(): Promise<void>;
  /** Resolves when so many items more were written. @throws when that takes too long */
  written(count: number): Promise<void>;
  /** Resolves with how many items more were written, when they are so many or the time is over. */
  writtenWithin(count: number, waitMsMax: number): Promise<number>;
}

const lookEveryMs = 5;
const waitMsMax = 60_000;
const recordsMax = 1_000;

/** Sees what is written to a table by its stream: no reads of the table are among what is measured. */
export function watchRecords(services: Pick<LocalServices, "readStream">, table: string): RecordWatch {
  let position: string | null = null;
  const newRecords = async (): Promise<number> => {
    const records = await services.readStream(table, position, recordsMax);
    position = records.at(-1)?.dynamodb.SequenceNumber ?? position;
    return records.length;
  };
  const writtenWithin = async (count: number, waitMsMax: number): Promise<number> => {
    const startedMs = performance.now();
    let seen = 0;
    while ((seen += await newRecords()) < count && performance.now() - startedMs < waitMsMax) await pause(lookEveryMs);
    return seen;
  };
  return {
    async skip() {
      while ((await newRecords()) > 0);
    },
    async written(count) {
      const seen = await writtenWithin(count, waitMsMax);
      if (seen < count) throw new Error(`${seen} of ${count} records after ${waitMsMax} ms`);
    },
    writtenWithin,
  };
}
