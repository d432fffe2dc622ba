import type * as z from "zod";
import { extraOf, instantFromMs, present } from "../../models/common.ts";
import type { Address, Money } from "../../models/common.ts";
import type { customer as customerModel } from "../../models/customer.ts";
import { decimalFrom, moneyFromDecimal } from "../../models/decimal.ts";
import type { Order as OrderRecord, OrderLine, order as orderModel } from "../../models/order.ts";
import type { Product as ProductRecord, product as productModel } from "../../models/product.ts";
import type { Customer, LineItem, MoneyShape, Order, Product, Reference } from "./schemas.ts";

/** @example toOrder(Order.parse(raw)).total; // { amount: "594.00", currency: "USD" } */
export function toOrder(raw: z.infer<typeof Order>): z.input<typeof orderModel.schema> {
  const { total, final_tax, shipping_charge, credits, payment_balance } = raw;
  const money = readMoney({ total, final_tax, shipping_charge, credits, payment_balance });
  return present({
    id: raw.number,
    number: raw.short_id,
    status: orderStatuses.get(raw.status) ?? ("unknown" as const),
    partnerStatus: raw.status,
    customerId: referredId(raw.customer),
    total: money.total,
    tax: money.final_tax,
    shipping: money.shipping_charge,
    credits: money.credits,
    balance: money.payment_balance,
    paid: raw.paid,
    paidDay: raw.paid_date,
    dueAt: toInstant(raw.payment_due_date),
    shippedAt: toInstant(raw.ship_date),
    deliveryAddress: raw.delivery_address === null ? null : toAddress(raw.delivery_address ?? {}),
    note: raw.notes,
    lines: raw.line_items?.map(toLine),
    createdAt: instantOf(raw.created_on),
    updatedAt: raw.modified === undefined ? undefined : instantOf(raw.modified),
    extra: extraOf(raw, [...orderFields, ...Object.keys(money)]),
  });
}

export function toProduct(raw: z.infer<typeof Product>): z.input<typeof productModel.schema> {
  const { wholesale_price, retail_price } = raw;
  const money = readMoney({ wholesale_price, retail_price });
  return present({
    id: String(raw.id),
    name: raw.name,
    sku: raw.sku,
    description: raw.description,
    status: productStatuses.get(raw.listing_state) ?? ("unknown" as const),
    partnerStatus: raw.listing_state,
    wholesalePrice: money.wholesale_price,
    retailPrice: money.retail_price,
    unit: raw.unit_of_measure,
    quantity: toDecimal(raw.quantity),
    quantityReserved: toDecimal(raw.reserved_qty),
    quantityAvailable: toDecimal(raw.available_inventory),
    parentId: referredId(raw.parent),
    createdAt: raw.created_on === undefined ? undefined : instantOf(raw.created_on),
    updatedAt: raw.modified === undefined ? undefined : instantOf(raw.modified),
    extra: extraOf(raw, [...productFields, ...Object.keys(money)]),
  });
}

export function toCustomer(raw: z.infer<typeof Customer>): z.input<typeof customerModel.schema> {
  return present({
    id: String(raw.id),
    name: raw.name,
    email: raw.email,
    phone: raw.phone,
    address: toAddress(raw),
    description: raw.description,
    archived: raw.archived,
    createdAt: instantOf(raw.created_on),
    updatedAt: raw.modified === undefined ? undefined : instantOf(raw.modified),
    extra: extraOf(raw, customerFields),
  });
}

/** The id of what is referred to: null when the partner says that there is nothing, undefined when it does not say. */
export function referredId(reference: Reference | null | undefined): string | null | undefined {
  if (reference === null || reference === undefined) return reference;
  return String(typeof reference === "object" ? reference.id : reference);
}

/**
 * What the model holds whole. Times stay under `extra` too, as they came: their microseconds and offsets are more than the
 * model holds; so does whatever else stands beside a customer's or a parent's id.
 */
const orderFields = [
  "number",
  "short_id",
  "status",
  "paid",
  "paid_date",
  "payment_due_date",
  "ship_date",
  "notes",
].concat(["delivery_address", "line_items"]);
const lineFields = ["id", "product", "quantity", "unit_of_measure", "is_sample", "notes"];
const productFields = ["id", "name", "sku", "description", "listing_state", "unit_of_measure"].concat([
  "quantity",
  "reserved_qty",
  "available_inventory",
]);
const addressFields = ["address", "unit_number", "city", "state", "zipcode", "country"];
const customerFields = ["id", "name", "email", "phone", "description", "archived", ...addressFields];

/** https://developer.leaflink.com/legacy/v2/api/ref/#tag/orders-received */
const orderStatuses: ReadonlyMap<string, OrderRecord["status"]> = new Map([
  ["Draft", "draft"],
  ["Submitted", "submitted"],
  ["Accepted", "accepted"],
  ["Backorder", "backordered"],
  ["Fulfilled", "fulfilled"],
  ["Shipped", "shipped"],
  ["Complete", "completed"],
  ["Rejected", "rejected"],
  ["Combined", "combined"],
  ["Cancelled", "cancelled"],
]);

/** https://developer.leaflink.com/legacy/v2/api/ref/#tag/products */
const productStatuses: ReadonlyMap<string, ProductRecord["status"]> = new Map([
  ["Available", "available"],
  ["Sample", "available"],
  ["Backorder", "available"],
  ["Internal", "unavailable"],
  ["Unavailable", "unavailable"],
  ["Archived", "archived"],
]);

function toLine(raw: LineItem): OrderLine {
  const money = readMoney({ ordered_unit_price: raw.ordered_unit_price });
  return present({
    id: String(raw.id),
    productId: referredId(raw.product),
    // The schema takes nothing else than a decimal.
    quantity: decimalFrom(raw.quantity) ?? "",
    unit: raw.unit_of_measure,
    unitPrice: money.ordered_unit_price,
    isSample: raw.is_sample,
    note: raw.notes,
    extra: extraOf(raw, [...lineFields, ...Object.keys(money)]),
  });
}

/**
 * Money in either shape; a bare amount is in the currency that another field of the same thing names. Without one it is
 * not read and stays under `extra`: no currency is guessed.
 */
function readMoney<Field extends string>(
  fields: Readonly<Record<Field, MoneyShape | null | undefined>>,
): Partial<Record<Field, Money | null>> {
  const shapes = Object.entries<MoneyShape | null | undefined>(fields);
  const currency = shapes.map(([, shape]) => currencyOf(shape)).find((found) => found !== null) ?? null;
  const read = shapes.map(([field, shape]) => [field, toMoney(shape, currency)] as const);
  // The names are those of `fields`, less what could not be read.
  return Object.fromEntries(read.filter(([, money]) => money !== undefined)) as Partial<Record<Field, Money | null>>;
}

function toMoney(shape: MoneyShape | null | undefined, currency: string | null): Money | null | undefined {
  if (shape === null || shape === undefined) return shape;
  if (typeof shape === "object") return moneyFromDecimal(shape.amount, shape.currency) ?? undefined;
  return currency === null ? undefined : (moneyFromDecimal(shape, currency) ?? undefined);
}

function currencyOf(shape: MoneyShape | null | undefined): string | null {
  return typeof shape === "object" && shape !== null ? shape.currency : null;
}

function toDecimal(value: string | number | null | undefined): string | null | undefined {
  return value === null || value === undefined ? value : (decimalFrom(value) ?? undefined);
}

interface RawAddress {
  readonly address?: string | null;
  readonly unit_number?: string | null;
  readonly city?: string | null;
  readonly state?: string | null;
  readonly zipcode?: string | null;
  readonly country?: string | null;
}

function toAddress(raw: RawAddress): Address | undefined {
  const { address, unit_number, city, state, zipcode, country } = raw;
  const found = present({ line1: address, line2: unit_number, city, region: state, postalCode: zipcode, country });
  return Object.keys(found).length === 0 ? undefined : found;
}

function toInstant(moment: string | null | undefined): string | null | undefined {
  return moment === null || moment === undefined ? moment : instantOf(moment);
}

/** `2026-06-10T15:15:03.776119-06:00` is `2026-06-10T21:15:03.776Z`. */
function instantOf(moment: string): string {
  return instantFromMs(Date.parse(moment));
}
