import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join, relative } from "node:path";
import type { KnownSecret } from "./known-secrets.ts";
import { NeedleSearch } from "./needle-search.ts";
import { formsOf } from "./secret-forms.ts";

/** A secret where none may be; never the value itself. */
export interface Leak {
  readonly secret: Pick<KnownSecret, "kind" | "name">;
  readonly form: string;
  readonly file: string;
  readonly atByte: number;
}

export interface SecretSearch {
  readonly leaks: readonly Leak[];
  readonly filesRead: number;
  readonly bytesRead: number;
}

interface Looked {
  readonly secret: KnownSecret;
  readonly form: string;
}

const chunkBytes = 4 * 1024 * 1024;
/** Enough to see what is wrong. */
const leaksMax = 200;

/** Looks for every form of every secret in all files below the folders. */
export function findSecrets(
  secrets: readonly KnownSecret[],
  folders: readonly { readonly folder: string; readonly except?: (path: string) => boolean }[],
): SecretSearch {
  const needles = secrets.flatMap((secret) =>
    formsOf(secret.value).map(({ form, bytes }) => ({ bytes, of: { secret, form } })),
  );
  const search = new NeedleSearch<Looked>(needles);
  const leaks = new Map<string, Leak>();
  let [filesRead, bytesRead] = [0, 0];
  for (const { folder, except } of folders) {
    for (const file of filesBelow(folder)) {
      const path = relative(folder, file);
      if (except?.(path) === true) continue;
      filesRead++;
      bytesRead += searchFile(search, file, ({ secret, form }, atByte) => {
        // A secret that is somewhere a thousand times is one thing to mend.
        const key = `${path}\n${form}\n${secret.name}`;
        const { kind, name } = secret;
        if (leaks.size < leaksMax && !leaks.has(key))
          leaks.set(key, { secret: { kind, name }, form, file: path, atByte });
      });
    }
  }
  return { leaks: [...leaks.values()], filesRead, bytesRead };
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** In pieces that overlap by the longest needle, so that none is missed on an edge. Answers how many bytes it read. */
function searchFile(
  search: NeedleSearch<Looked>,
  path: string,
  onFound: (looked: Looked, atByte: number) => void,
): number {
  const file = openSync(path, "r");
  const buffer = Buffer.alloc(chunkBytes + search.bytesMax);
  try {
    let [kept, read] = [0, 0];
    for (;;) {
      const got = readSync(file, buffer, kept, chunkBytes, null);
      if (got === 0) return read;
      const begin = read - kept;
      read += got;
      const filled = kept + got;
      search.search(buffer.subarray(0, filled), ({ of }, at) => onFound(of, begin + at));
      kept = Math.min(search.bytesMax, filled);
      buffer.copyWithin(0, filled - kept, filled);
    }
  } finally {
    closeSync(file);
  }
}
