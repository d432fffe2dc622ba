import { createHash } from "node:crypto";

const keptMax = 80;

/** What happened, in order: its hash tells whether two runs were the same run, its end is what a failure shows. */
export class Trace {
  events = 0;
  readonly #hash = createHash("sha256");
  readonly #kept: string[] = [];
  readonly #show: ((line: string) => void) | null;
  readonly #startMs: number;

  constructor(startMs: number, show: ((line: string) => void) | null = null) {
    this.#startMs = startMs;
    this.#show = show;
  }

  add(atMs: number, text: string): void {
    const line = `${(atMs - this.#startMs).toFixed(3)} ${text}\n`;
    this.events += 1;
    this.#hash.update(line);
    this.#kept[this.events % keptMax] = line;
    this.#show?.(line);
  }

  digest(): string {
    return this.#hash.copy().digest("hex").slice(0, 32);
  }

  /** The latest lines, oldest first. */
  end(): string {
    const cut = (this.events + 1) % keptMax;
    return [...this.#kept.slice(cut), ...this.#kept.slice(0, cut)].join("");
  }
}
