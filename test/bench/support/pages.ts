import { stripeCharge } from "./stripe-event.ts";

/** The pages of a list of charges, as bytes that a partner sends. */
export interface ChargePages {
  readonly bodies: readonly Buffer[];
  readonly bytesAnItem: number;
  /** The page after an item's id; the first one after null. */
  after(id: string | null): Buffer;
}

const pageSize = 100;

/** https://docs.stripe.com/api/charges/list: pages that go on after the last id, and say whether there are more. */
export function chargePages(count: number): ChargePages {
  return pagesOf(Array.from({ length: count }, (_, index) => stripeCharge(index)));
}

/** Charges in the order given, which is the partner's own business. */
export function pagesOf(charges: readonly Readonly<Record<string, unknown>>[]): ChargePages {
  const count = charges.length;
  const byLastId = new Map<string | null, Buffer>();
  let last: string | null = null;
  for (let start = 0; start < count; start += pageSize) {
    const data = charges.slice(start, start + pageSize);
    const page = { object: "list", data, has_more: start + pageSize < count, url: "/v1/charges" };
    byLastId.set(last, Buffer.from(JSON.stringify(page)));
    last = String(data.at(-1)?.["id"]);
  }
  const bodies = [...byLastId.values()];
  return {
    bodies,
    bytesAnItem: Math.round(bodies.reduce((sum, body) => sum + body.byteLength, 0) / count),
    after(id) {
      const body = byLastId.get(id);
      if (body === undefined) throw new Error(`no page after ${id}`);
      return body;
    },
  };
}
