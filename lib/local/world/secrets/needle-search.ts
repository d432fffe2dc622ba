export interface Needle<T> {
  readonly bytes: Buffer;
  readonly of: T;
}

const anchorBytes = 4;
const filterBits = 20;

/**
 * Looks for many needles in one pass: a table says of each four bytes whether a needle begins with them. A needle for
 * needle search of a run's texts would take minutes, as there are a thousand of them.
 */
export class NeedleSearch<T> {
  readonly bytesMax: number;
  readonly #filter = new Uint8Array(1 << filterBits);
  readonly #needlesBy = new Map<number, Needle<T>[]>();

  constructor(needles: readonly Needle<T>[]) {
    let bytesMax = 0;
    for (const needle of needles) {
      if (needle.bytes.byteLength < anchorBytes)
        throw new Error(`a needle has ${needle.bytes.byteLength} bytes; it needs ${anchorBytes}`);
      const anchor = needle.bytes.readInt32BE(0);
      this.#filter[placeOf(anchor)] = 1;
      this.#needlesBy.set(anchor, [...(this.#needlesBy.get(anchor) ?? []), needle]);
      bytesMax = Math.max(bytesMax, needle.bytes.byteLength);
    }
    this.bytesMax = bytesMax;
  }

  /** Calls back for every needle at every place; they may overlap. */
  search(text: Uint8Array, onFound: (needle: Needle<T>, at: number) => void): void {
    const hay = Buffer.from(text.buffer, text.byteOffset, text.byteLength);
    let anchor = 0;
    for (let at = 0; at < hay.length; at++) {
      anchor = (anchor << 8) | (hay[at] ?? 0);
      if (at < anchorBytes - 1 || this.#filter[placeOf(anchor)] === 0) continue;
      const begin = at - anchorBytes + 1;
      for (const needle of this.#needlesBy.get(anchor) ?? []) {
        const end = begin + needle.bytes.byteLength;
        if (end <= hay.length && hay.compare(needle.bytes, 0, needle.bytes.byteLength, begin, end) === 0)
          onFound(needle, begin);
      }
    }
  }
}

/** Multiplied by the golden ratio's bits, whose upper ones depend on all four bytes. */
function placeOf(anchor: number): number {
  return Math.imul(anchor, 0x9e3779b1) >>> (32 - filterBits);
}
