import { SeededRandom } from "../../support/memory/clock.ts";

/** What a fuzz deals from a seed: the same seed, the same posts, but for keys and signatures that are new in each process. */
export class Random {
  readonly #source: SeededRandom;

  constructor(seed: number) {
    this.#source = new SeededRandom(seed);
  }

  /** A whole number from 0 to `below`, without it. */
  below(below: number): number {
    return Math.floor(this.#source.unit() * below);
  }

  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error("nothing to pick from");
    return value;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** Of characters that mean something in headers and URLs, and some that do not belong there. */
  text(lengthMax: number): string {
    return Array.from({ length: this.below(lengthMax + 1) }, () => this.pick(characters)).join("");
  }
}

const characters = [
  "a",
  "B",
  "0",
  "9",
  "+",
  "/",
  "=",
  "-",
  "_",
  ".",
  ",",
  ";",
  ":",
  "&",
  "?",
  "#",
  "%",
  " ",
  '"',
  "'",
  "\n",
  "\0",
  "é",
  "€",
  "😀",
];
