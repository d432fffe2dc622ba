import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A file that functions append to and a test reads: what was seen, by whom, whatever was killed meanwhile. */
export interface Recorder<Entry> {
  /** Code that defines `record(value)` for a function's bundle. */
  readonly code: string;
  readonly read: () => readonly Entry[];
}

export function createRecorder<Entry = unknown>(folder: string, name = "record"): Recorder<Entry> {
  const path = join(folder, `${name}.jsonl`);
  return {
    code: `import { appendFileSync as append__ } from "node:fs"; const record = (value) => append__(${JSON.stringify(path)}, JSON.stringify(value) + "\\n");`,
    read() {
      if (!existsSync(path)) return [];
      const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
      // The test that reads it wrote the code that records.
      return lines.map((line) => JSON.parse(line) as Entry);
    },
  };
}
