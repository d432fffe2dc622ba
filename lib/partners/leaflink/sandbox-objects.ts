import { createHash } from "node:crypto";
import { createRandom, type Random } from "../../local/sandbox/random.ts";
import { transitionsFrom } from "./sandbox-transitions.ts";
import { textOf } from "./sandbox-time.ts";

/** How many of each there are, so that orders can name customers and products. */
export interface Counts {
  readonly orders: number;
  readonly products: number;
  readonly customers: number;
}

export type State = Record<string, unknown>;

const FIRST_PRODUCT = 77_001;
const FIRST_CUSTOMER = 148_001;
/** The first customer: some orders still name it although it cannot be read any more. */
export const LOST_CUSTOMER = 0;
const LINE_ITEM_IDS = 10;
const statuses = [
  "Draft",
  "Submitted",
  "Accepted",
  "Accepted",
  "Backorder",
  "Fulfilled",
  "Shipped",
  "Complete",
] as const;
const listingStates = [
  "Available",
  "Available",
  "Available",
  "Sample",
  "Backorder",
  "Internal",
  "Unavailable",
] as const;

/** An order (…/api/ref/#tag/orders-received). Types are mixed as LeafLink mixes them: amounts are numbers or text, in two shapes. */
export function orderAt(company: string, index: number, micros: number, counts: Counts): State {
  const random = createRandom(`${company} order ${index}`);
  const number = uuidFor(company, index);
  const lines = linesAt(random, index, number, counts);
  const cents = totalCents(lines);
  const asText = index % 2 === 1;
  const status = pick(random, statuses);
  return {
    number,
    short_id: number.slice(-8),
    external_id_seller: index % 5 === 0 ? `SO-${5_000 + index}` : null,
    external_id_buyer: null,
    created_on: textOf(micros),
    user: "example.user",
    buyer: index % 9 === 0 ? null : 6_000 + (index % 50),
    seller: 1,
    customer: customerOf(random, index, counts.customers),
    brand: null,
    status,
    manual: index % 9 === 0,
    discount: index % 4 === 0 ? 5 : "0.00",
    discount_type: index % 4 === 0 ? "$" : "%",
    final_tax: "0.00",
    shipping_charge: { amount: asText ? "0.00" : 0, currency: "USD" },
    total: { amount: amountOf(cents, asText), currency: "USD" },
    credits: "0.00",
    payment_balance: amountOf(cents, index % 3 !== 0),
    payment_term: "Net 7",
    payment_due_date: null,
    paid: status === "Complete",
    paid_date: status === "Complete" ? textOf(micros).slice(0, 10) : null,
    ship_date: status === "Shipped" || status === "Complete" ? textOf(micros + 3_600_000_000) : null,
    notes: index % 3 === 0 ? null : "",
    internal_notes: null,
    available_transitions: transitionsFrom(status),
    modified: textOf(micros + 61_000_119),
    facility_id: index % 4 === 0 ? null : 123,
    external_ids: index % 5 === 0 ? { "my-system": String(45_000 + index) } : {},
    delivery_address: index % 6 === 0 ? null : addressAt(index),
    line_items: lines,
  };
}

/** A product (…/api/ref/#tag/products). */
export function productAt(company: string, index: number, micros: number): State {
  const random = createRandom(`${company} product ${index}`);
  const state = pick(random, listingStates);
  const cents = 900 + Math.floor(random() * 12_000);
  const stock = Math.floor(random() * 900);
  return {
    id: FIRST_PRODUCT + index,
    created_on: textOf(micros),
    last_edit: textOf(micros + 5_000_001),
    name: `Example Product ${index + 1}`,
    sku: index % 7 === 0 ? null : `EXA-${String(index + 1).padStart(4, "0")}`,
    description: index % 4 === 0 ? "" : `<p>Example product number ${index + 1}.</p>`,
    quantity: `${stock}.0000`,
    reserved_qty: "0.0000",
    available_inventory: index % 2 === 0 ? stock : `${stock}.0000`,
    unit_multiplier: 12,
    retail_price: index % 5 === 0 ? null : { amount: amountOf(cents * 2, true), currency: "USD" },
    wholesale_price: { amount: amountOf(cents, false), currency: "USD" },
    minimum_order: "1.0000",
    maximum_order: null,
    parent: index % 10 === 9 ? { id: FIRST_PRODUCT + index - 1 } : null,
    listing_state: state,
    display_listing_state: state,
    inventory_management: index % 2 === 0 ? 1 : "1",
    unit_of_measure: index % 3 === 0 ? "Gram" : "Unit",
    category: 7,
    seller: 1,
    brand: 49,
    strain_classification: "na",
    modified: textOf(micros + 7_000_980),
    external_ids: {},
  };
}

/** A customer (…/api/ref/#tag/customers): somebody who buys, with reserved example addresses. */
export function customerAt(company: string, index: number, micros: number): State {
  const random = createRandom(`${company} customer ${index}`);
  return {
    id: FIRST_CUSTOMER + index,
    ...addressAt(index),
    country: index % 5 === 0 ? null : "USA",
    managers: [13],
    created_on: textOf(micros),
    modified: textOf(micros + 9_000_321),
    nickname: "",
    license_number: `404R-${String(index).padStart(5, "0")}`,
    shipping_charge: "0.00",
    currency: "USD",
    name: `Example Dispensary ${index + 1}`,
    description: "",
    phone: random() < 0.5 ? `+1719555${String(100 + (index % 100)).padStart(4, "0")}` : null,
    email: random() < 0.8 ? `buyer-${index + 1}@example.com` : null,
    notes: "",
    archived: random() < 0.1,
    delinquent: false,
    discount_percent: "0.00",
    owner: 1,
    partner: index % 9 === 0 ? null : 6_000 + (index % 50),
    external_ids: {},
  };
}

export function totalCents(lines: readonly State[]): number {
  return lines.reduce(
    (sum, line) => sum + Math.round(Number(line["wholesale_price"]) * 100 * Number(line["quantity"])),
    0,
  );
}

export function amountOf(cents: number, asText: boolean): number | string {
  return asText ? (cents / 100).toFixed(2) : cents / 100;
}

function linesAt(random: Random, index: number, order: string, counts: Counts): State[] {
  const count = counts.products === 0 ? 0 : 1 + Math.floor(random() * 4);
  return Array.from({ length: count }, (_, place) => {
    const product = FIRST_PRODUCT + Math.floor(random() * counts.products);
    const price = amountOf(900 + Math.floor(random() * 12_000), true);
    return {
      id: 900_000 + index * LINE_ITEM_IDS + place,
      order,
      product: place % 2 === 0 ? String(product) : product,
      quantity: `${1 + Math.floor(random() * 20)}.0000`,
      ordered_unit_price: { amount: price, currency: "USD" },
      wholesale_price: price,
      unit_of_measure: "Unit",
      unit_multiplier: 12,
      is_sample: place === 3,
      notes: null,
      batch: null,
    };
  });
}

/** Nobody on some manual orders; on a few, the one who is not there any more. */
function customerOf(random: Random, index: number, customers: number): State | null {
  if (index % 9 === 0 || customers < 2) return null;
  const place = index % 12 === 5 ? LOST_CUSTOMER : 1 + Math.floor(random() * (customers - 1));
  return { id: FIRST_CUSTOMER + place, display_name: "Example Dispensary", ext_acct_id: null, delinquent: false };
}

function addressAt(index: number): State {
  return {
    address: `${100 + index} Example Highway`,
    city: "Moffat",
    state: "CO",
    unit_number: index % 2 === 0 ? "1A" : "",
    zipcode: "81143",
  };
}

/** The same for the same company and index: a restarted sandbox must not invent others. */
function uuidFor(company: string, index: number): string {
  const hex = createHash("sha256").update(`${company} order ${index}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function pick<T>(random: Random, from: readonly [T, ...T[]]): T {
  return from[Math.floor(random() * from.length)] ?? from[0];
}
