import { hash } from "node:crypto";
import type { RecordMark } from "./record.ts";
import { skewMsMax } from "./record.ts";

/** A pass may delete so much of what was known by itself. */
const shareMax = 0.2;
/** Of so few things, a share says nothing. */
const fewMax = 10;

/** What a pass over everything did not see, counted before anything is done about it. */
export interface Missing {
  /** Records that the pass should have seen. */
  readonly expected: number;
  readonly missing: number;
  /** Things that the pass saw. */
  readonly fetched: number;
}

/**
 * Whether a pass may go on to confirm deletions by itself, or a person has to look first: a pass that saw nothing, or that
 * misses more than a fifth of more than ten things, is more likely a partner's fault or a lost permission.
 *
 * @example
 * judgeMissing({ expected: 100, missing: 3, fetched: 97 }); // "confirm"
 */
export function judgeMissing({ expected, missing, fetched }: Missing): "none" | "confirm" | "hold" {
  if (missing === 0) return "none";
  if (fetched === 0) return "hold";
  return expected > fewMax && missing > expected * shareMax ? "hold" : "confirm";
}

/** Whether a pass that began then should have seen a record: alive, and known before. */
export function isExpected(mark: Pick<RecordMark, "deleted" | "writtenAtMs">, beganMs: number): boolean {
  return !mark.deleted && mark.writtenAtMs + skewMsMax < beganMs;
}

/**
 * 32 bits that stand for a thing in what a run has seen. Two things may share them, so that a deletion stays unnoticed by
 * this run; the next run's bits are others.
 */
export function seenBits(runId: string, externalId: string): number {
  return hash("sha256", `${runId}\n${externalId}`, "buffer").readUInt32LE(0);
}

/** Which of all 32-bit values were seen, in 4 bytes each. Filled first, asked after. */
export class SeenSet {
  #bits: Uint32Array;
  #count = 0;
  #isSorted = true;

  /** `room` is what is expected; more fit. */
  constructor(room = 1_024) {
    this.#bits = new Uint32Array(room);
  }

  add(bits: number): void {
    if (this.#count === this.#bits.length) {
      const larger = new Uint32Array(this.#bits.length * 2 + 1);
      larger.set(this.#bits);
      this.#bits = larger;
    }
    this.#bits[this.#count] = bits;
    this.#count += 1;
    this.#isSorted = false;
  }

  has(bits: number): boolean {
    if (!this.#isSorted) this.#bits.subarray(0, this.#count).sort();
    this.#isSorted = true;
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#bits[middle] ?? 0) < bits) low = middle + 1;
      else high = middle;
    }
    return low < this.#count && this.#bits[low] === bits;
  }
}
