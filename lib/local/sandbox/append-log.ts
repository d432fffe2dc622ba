import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";

const CHUNK_BYTES = 1 << 20;
const NEWLINE = 10;

/**
 * A file of lines that only grows. A line is with the operating system when `append` returns, so it outlives
 * `kill -9` of this process; a line torn by one is cut off at the next opening.
 */
export class AppendLog {
  readonly path: string;
  readonly #file: number;
  #sizeBytes: number;
  #open = true;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "a+");
    this.#sizeBytes = this.#cutTornLine();
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Appends one line; answers false when the log is closed already. */
  append(line: string): boolean {
    if (!this.#open) return false;
    const bytes = Buffer.from(`${line}\n`, "utf8");
    let written = 0;
    while (written < bytes.length) written += writeSync(this.#file, bytes, written, bytes.length - written);
    this.#sizeBytes += bytes.length;
    return true;
  }

  /** Whole lines from a byte offset on, each with the offset after it; memory holds one chunk and one line. */
  *lines(fromByte = 0): Generator<{ readonly line: string; readonly nextByte: number }> {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    let nextByte = fromByte;
    let readFrom = fromByte;
    for (
      let count = readSync(this.#file, chunk, 0, CHUNK_BYTES, readFrom);
      count > 0;
      count = readSync(this.#file, chunk, 0, CHUNK_BYTES, readFrom)
    ) {
      readFrom += count;
      rest = Buffer.concat([rest, chunk.subarray(0, count)]);
      let start = 0;
      for (let end = rest.indexOf(NEWLINE, start); end !== -1; end = rest.indexOf(NEWLINE, start)) {
        nextByte += end + 1 - start;
        yield { line: rest.toString("utf8", start, end), nextByte };
        start = end + 1;
      }
      rest = rest.subarray(start);
    }
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.#file);
  }

  #cutTornLine(): number {
    const sizeBytes = fstatSync(this.#file).size;
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (let end = sizeBytes; end > 0; end -= CHUNK_BYTES) {
      const start = Math.max(0, end - CHUNK_BYTES);
      const count = readSync(this.#file, chunk, 0, end - start, start);
      const newline = chunk.subarray(0, count).lastIndexOf(NEWLINE);
      if (newline === -1) continue;
      return this.#cutAt(start + newline + 1, sizeBytes);
    }
    return this.#cutAt(0, sizeBytes);
  }

  #cutAt(keepBytes: number, sizeBytes: number): number {
    if (keepBytes < sizeBytes) ftruncateSync(this.#file, keepBytes);
    return keepBytes;
  }
}
