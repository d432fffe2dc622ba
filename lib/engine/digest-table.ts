import { hash } from "node:crypto";

/** What is known of a thing: the very state, another one, or no such thing. */
export type Known = "same" | "different" | "absent";

/**
 * Which state each of many things has, in 17 bytes a slot whatever their ids and digests are long: 64 bits of a hash of each,
 * and whether the thing was seen. Grows by doubling and forgets nothing; whoever fills it sets the bound.
 *
 * @example
 * const table = new DigestTable();
 * table.add("order-1", "digest");
 * table.find("order-1", "digest"); // "same"
 */
export class DigestTable {
  #slots = 1_024;
  #ids = new Uint32Array(2 * this.#slots);
  #states = new Uint32Array(2 * this.#slots);
  #flags = new Uint8Array(this.#slots);
  #count = 0;
  #seen = 0;

  get count(): number {
    return this.#count;
  }

  /** Things that were added with `expected` and not seen since. */
  get unseen(): number {
    return this.#expected - this.#seen;
  }

  #expected = 0;

  /** `expected`: whether a pass over everything should see it. An id is added once. */
  add(externalId: string, state: string, isExpected: boolean): void {
    if (this.#count >= this.#slots * loadMax) this.#grow();
    this.#put(halves(externalId), halves(state), isExpected ? used | expected : used);
    this.#count += 1;
    if (isExpected) this.#expected += 1;
  }

  find(externalId: string, state: string): Known {
    const slot = this.#slotOf(halves(externalId));
    if (this.#flags[slot] === 0) return "absent";
    const [high, low] = halves(state);
    return this.#states[2 * slot] === high && this.#states[2 * slot + 1] === low ? "same" : "different";
  }

  /** Notes that a pass has seen a thing; of what was never added nothing is noted. */
  see(externalId: string): void {
    const slot = this.#slotOf(halves(externalId));
    const flags = this.#flags[slot] ?? 0;
    if ((flags & expected) === 0 || (flags & seen) !== 0) return;
    this.#flags[slot] = flags | seen;
    this.#seen += 1;
  }

  #put([idHigh, idLow]: Halves, [stateHigh, stateLow]: Halves, flags: number): void {
    const slot = this.#slotOf([idHigh, idLow]);
    this.#ids[2 * slot] = idHigh;
    this.#ids[2 * slot + 1] = idLow;
    this.#states[2 * slot] = stateHigh;
    this.#states[2 * slot + 1] = stateLow;
    this.#flags[slot] = flags;
  }

  /** Where an id is, or the free slot where it belongs: the table is never full, so the search ends. */
  #slotOf([high, low]: Halves): number {
    let slot = low % this.#slots;
    while (this.#flags[slot] !== 0 && (this.#ids[2 * slot] !== high || this.#ids[2 * slot + 1] !== low))
      slot = (slot + 1) % this.#slots;
    return slot;
  }

  #grow(): void {
    const [ids, states, flags] = [this.#ids, this.#states, this.#flags];
    this.#slots *= 2;
    this.#ids = new Uint32Array(2 * this.#slots);
    this.#states = new Uint32Array(2 * this.#slots);
    this.#flags = new Uint8Array(this.#slots);
    for (let slot = 0; slot < flags.length; slot += 1) {
      const flag = flags[slot] ?? 0;
      if (flag !== 0)
        this.#put(
          [ids[2 * slot] ?? 0, ids[2 * slot + 1] ?? 0],
          [states[2 * slot] ?? 0, states[2 * slot + 1] ?? 0],
          flag,
        );
    }
  }
}

const loadMax = 0.7;
const used = 1;
const expected = 2;
const seen = 4;

type Halves = readonly [high: number, low: number];

function halves(text: string): Halves {
  const bytes = hash("sha256", text, "buffer");
  return [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
}
