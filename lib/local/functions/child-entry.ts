import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The path of the program that a function's process runs, ready for Node to start.
 *
 * From source the types are stripped once, here: measured, a process that loads the type stripper itself is ready
 * after 57 ms instead of 25 ms and 17 MB larger.
 */
export function childEntry(dataDir: string): string {
  if (import.meta.url.endsWith(".js")) return fileURLToPath(new URL("./child.js", import.meta.url));
  const source = readFileSync(new URL("./child.ts", import.meta.url), "utf8");
  const path = join(dataDir, "function-process.mjs");
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(path, stripTypeScriptTypes(source));
  return path;
}
