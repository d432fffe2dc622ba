export type StandInKind =
  "email" | "phone" | "name" | "text" | "address" | "postcode" | "ip" | "secret" | "number" | "link";

/** Everything that is put in the place of something real is invented here, in forms that nobody can own. */
const made: Readonly<Record<StandInKind, (count: number) => string>> = {
  email: (count) => `person-${count}@example.com`,
  // 555-0100 to 555-0199 ring nowhere: https://nationalnanpa.com/number_resource_info/555_numbers.html
  phone: (count) => `+155555501${String(count % 100).padStart(2, "0")}`,
  name: (count) => `Example Name ${count}`,
  text: (count) => `Example text ${count}`,
  address: (count) => `${count} Example Street`,
  postcode: (count) => String(count).padStart(5, "0"),
  // RFC 5737, TEST-NET-1.
  ip: (count) => `192.0.2.${count % 256}`,
  secret: (count) => `stand-in-${count}`,
  number: (count) => `EXAMPLE-${count}`,
  link: (count) => `https://www.example.com/link-${count}`,
};

/** Gives the same stand-in to the same value, so that things which belong together still do. */
export class StandIns {
  readonly #byValue = new Map<string, string>();
  readonly #given = new Set<string>();
  readonly #counts = new Map<StandInKind, number>();

  for(kind: StandInKind, value: string): string {
    // A stand-in stands for itself: scrubbing twice changes nothing.
    if (this.#given.has(value)) return value;
    const key = `${kind} ${value}`;
    const known = this.#byValue.get(key);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const standIn = made[kind](count);
    this.#byValue.set(key, standIn);
    this.#given.add(standIn);
    return standIn;
  }
}
