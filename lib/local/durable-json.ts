import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type * as z from "zod";

/** A small JSON file that is either the old value or the new one, never half of each, whenever the process is killed. */
export interface DurableJson<Value> {
  read(): Value;
  write(value: Value): void;
}

/**
 * Opens the file at `path`; a missing one reads as `initial`. A file that does not fit the schema is an error that
 * names it, because guessing a position could skip work.
 */
export function openDurableJson<Value>(path: string, schema: z.ZodType<Value>, initial: Value): DurableJson<Value> {
  mkdirSync(dirname(path), { recursive: true });
  return {
    read() {
      const text = readIfThere(path);
      if (text === null) return initial;
      const parsed = schema.safeParse(parseOrNull(text));
      if (parsed.success) return parsed.data;
      throw new Error(
        `The local stack cannot read ${path}: ${parsed.error.message}. Delete the file to start it anew.`,
      );
    },
    write(value) {
      // rename() replaces in one step; no fsync, because only the process dies here, not the machine.
      writeFileSync(`${path}.new`, JSON.stringify(value));
      renameSync(`${path}.new`, path);
    },
  };
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
