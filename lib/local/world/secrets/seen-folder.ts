import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** More than a smoke run says; beyond it nothing is kept, and whoever searches is told. */
const bytesMaxDefault = 2 ** 31;
const placesMax = 500;

/** Everything that was said, each place's in a file of its own: what a secret is looked for in. */
export class SeenFolder {
  readonly #folder: string;
  readonly #bytesMax: number;
  readonly #files = new Map<string, number>();
  #bytes = 0;
  #dropped = 0;

  constructor(folder: string, bytesMax = bytesMaxDefault) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** How many texts had no room. */
  get dropped(): number {
    return this.#dropped;
  }

  add(place: string, text: string | Uint8Array): void {
    const bytes = typeof text === "string" ? Buffer.from(text) : text;
    const file = this.#fileOf(place);
    if (file === null || this.#bytes + bytes.byteLength > this.#bytesMax) {
      this.#dropped++;
      return;
    }
    this.#bytes += bytes.byteLength;
    writeSync(file, bytes);
    writeSync(file, "\n");
  }

  close(): void {
    for (const file of this.#files.values()) closeSync(file);
    this.#files.clear();
  }

  #fileOf(place: string): number | null {
    const name = place.replaceAll(/[^\w.-]+/g, "_").slice(0, 150);
    const open = this.#files.get(name);
    if (open !== undefined) return open;
    if (this.#files.size >= placesMax) return null;
    const file = openSync(join(this.#folder, `${name}.txt`), "a", 0o600);
    this.#files.set(name, file);
    return file;
  }
}
