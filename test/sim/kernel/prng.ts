import type { Random } from "../../../lib/engine/ports.ts";

/** The simulation's only source of chance (sfc32): one seed, and streams forked off it by name, so that a new draw in one place moves nothing elsewhere. */
export class Prng implements Random {
  readonly #name: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #ids = 0;

  constructor(seed: string) {
    this.#name = seed;
    [this.#a, this.#b, this.#c] = [hashOf(`${seed}/a`), hashOf(`${seed}/b`), hashOf(`${seed}/c`)];
    for (let warm = 0; warm < 12; warm++) this.unit();
  }

  fork(name: string): Prng {
    return new Prng(`${this.#name}/${name}`);
  }

  unit(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11) | 0) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  id(): string {
    this.#ids += 1;
    return `${this.#ids.toString(36)}-${Math.floor(this.unit() * 2 ** 32).toString(36)}`;
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** In [min, max). */
  between(min: number, max: number): number {
    return min + this.unit() * (max - min);
  }

  /** In [min, max], whole. */
  int(min: number, max: number): number {
    return min + Math.floor(this.unit() * (max - min + 1));
  }

  /** Waits of things that happen by themselves, so often on average. */
  exponential(meanMs: number): number {
    return -Math.log(1 - this.unit()) * meanMs;
  }

  pick<T>(among: readonly T[]): T {
    const picked = among[Math.floor(this.unit() * among.length)];
    if (picked === undefined) throw new RangeError("nothing to pick from");
    return picked;
  }
}

/** FNV-1a, mixed once more at the end. */
function hashOf(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93);
  hash ^= hash >>> 16;
  return Math.imul(hash, 0x7f_eb_35_2d) ^ (hash >>> 15);
}
