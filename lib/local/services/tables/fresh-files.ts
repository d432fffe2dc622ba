import { existsSync, renameSync, rmSync } from "node:fs";

type Bytes = Uint8Array;

/** The part of classic-level that is used; keys and values as the bytes that they are. */
export interface LevelFiles {
  open(options: LevelOptions): Promise<void>;
  close(): Promise<void>;
  iterator(options: typeof asBytes & { readonly highWaterMarkBytes: number }): AsyncIterable<readonly [Bytes, Bytes]>;
  batch(puts: readonly { type: "put"; key: Bytes; value: Bytes }[], options: typeof asBytes): Promise<void>;
}

const asBytes = { keyEncoding: "buffer", valueEncoding: "buffer" } as const;

export interface LevelOptions {
  readonly compression: boolean;
  readonly writeBufferSize: number;
}

/** What a search of the files finds must be all that they hold; and on a laptop there is room. */
export const levelOptions: LevelOptions = { compression: false, writeBufferSize: 4 * 1024 * 1024 };
/** All that comes is in order, so that few large files are written once, and not small ones again and again. */
const freshOptions: LevelOptions = { ...levelOptions, writeBufferSize: 64 * 1024 * 1024 };

const bytesAtOnce = 4 * 1024 * 1024;

/**
 * Writes what a store holds into new files and puts them in the old ones' place; the old ones go, with every value that was
 * ever overwritten or deleted. LevelDB's own compaction is not enough: it keeps keys in its manifest and its log, and deleted
 * entries where nothing lies below them. Nobody else may use the store meanwhile. Killed anywhere, `settleFiles` goes on.
 */
export async function writeAfresh(
  folder: string,
  store: LevelFiles,
  openAt: (folder: string) => LevelFiles,
): Promise<void> {
  const { next, former } = placesOf(folder);
  rmSync(next, { recursive: true, force: true });
  const fresh = openAt(next);
  try {
    await fresh.open(freshOptions);
    await copy(store, fresh);
  } finally {
    await fresh.close();
  }
  await store.close();
  try {
    renameSync(folder, former);
    renameSync(next, folder);
  } finally {
    settleFiles(folder);
    await store.open(levelOptions);
  }
}

/** Before a store is opened: what a SIGKILL interrupted is brought to its end, or was never begun. */
export function settleFiles(folder: string): void {
  const { next, former } = placesOf(folder);
  // The old files step aside only when the new ones are whole.
  if (!existsSync(folder) && existsSync(former)) renameSync(existsSync(next) ? next : former, folder);
  rmSync(next, { recursive: true, force: true });
  rmSync(former, { recursive: true, force: true });
}

function placesOf(folder: string): { readonly next: string; readonly former: string } {
  return { next: `${folder}.next`, former: `${folder}.former` };
}

async function copy(from: LevelFiles, to: LevelFiles): Promise<void> {
  let puts: { type: "put"; key: Bytes; value: Bytes }[] = [];
  let bytes = 0;
  for await (const [key, value] of from.iterator({ ...asBytes, highWaterMarkBytes: bytesAtOnce })) {
    puts.push({ type: "put", key, value });
    bytes += key.byteLength + value.byteLength;
    if (bytes < bytesAtOnce) continue;
    await to.batch(puts, asBytes);
    puts = [];
    bytes = 0;
  }
  if (puts.length > 0) await to.batch(puts, asBytes);
}
