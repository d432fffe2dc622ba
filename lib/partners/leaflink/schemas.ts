import * as z from "zod";
import { decimalFrom } from "../../models/decimal.ts";

/**
 * What LeafLink sends, as far as it is read here; every other field is kept as it came. The reference and its own examples
 * disagree on types (numbers as text, text as numbers), so that both are taken where either is said to come:
 * https://developer.leaflink.com/legacy/v2/api/ref/
 */
const Key = z.union([z.string().min(1).max(255), z.int().min(0)]);
const Text = z.exactOptional(z.string().nullable());
/** With an offset and microseconds; within the years that a date can be written with four digits. */
const Moment = z.iso.datetime({ offset: true }).refine((text) => /^[12]\d{3}/.test(text), "not a year of ours");
const Flag = z.exactOptional(z.boolean());
const isDecimal = (value: string | number): boolean => decimalFrom(value) !== null;
const Amount = z.union([z.string().max(40).refine(isDecimal), z.number().refine(isDecimal)], "not a decimal");
/** Money comes as an object or as a bare amount whose currency another field names. */
export const MoneyShape = z.union(
  [Amount, z.looseObject({ amount: Amount, currency: z.string().regex(/^[A-Za-z]{3}$/) })],
  "neither an amount nor {amount, currency}",
);
export type MoneyShape = z.infer<typeof MoneyShape>;
const Money = z.exactOptional(MoneyShape.nullable());
const Quantity = z.exactOptional(Amount.nullable());
/** Another thing by its id, which may stand in an object that tells a little of it. */
export const Reference = z.union([Key, z.looseObject({ id: Key })], "neither an id nor an object with one");
export type Reference = z.infer<typeof Reference>;

const LineItem = z.looseObject({
  id: Key,
  product: z.exactOptional(Key.nullable()),
  quantity: Amount,
  unit_of_measure: Text,
  ordered_unit_price: Money,
  is_sample: Flag,
  notes: Text,
});
export type LineItem = z.infer<typeof LineItem>;

const OrderNumber = z.string().min(1).max(255);

export const Order = z.looseObject({
  number: OrderNumber,
  short_id: Text,
  status: z.string().min(1),
  created_on: Moment,
  modified: z.exactOptional(Moment),
  customer: z.exactOptional(Reference.nullable()),
  total: Money,
  final_tax: Money,
  shipping_charge: Money,
  credits: Money,
  payment_balance: Money,
  paid: Flag,
  paid_date: z.exactOptional(z.iso.date().nullable()),
  payment_due_date: z.exactOptional(Moment.nullable()),
  ship_date: z.exactOptional(Moment.nullable()),
  notes: Text,
  delivery_address: z.exactOptional(
    z.looseObject({ address: Text, unit_number: Text, city: Text, state: Text, zipcode: Text }).nullable(),
  ),
  /** There when they are asked for. */
  line_items: z.exactOptional(z.array(LineItem)),
});

export const Product = z.looseObject({
  id: Key,
  name: z.string(),
  listing_state: z.string().min(1),
  sku: Text,
  description: Text,
  wholesale_price: Money,
  retail_price: Money,
  unit_of_measure: Text,
  quantity: Quantity,
  reserved_qty: Quantity,
  available_inventory: Quantity,
  parent: z.exactOptional(Reference.nullable()),
  created_on: z.exactOptional(Moment),
  modified: z.exactOptional(Moment),
});

export const Customer = z.looseObject({
  id: Key,
  created_on: Moment,
  modified: z.exactOptional(Moment),
  name: Text,
  email: Text,
  phone: Text,
  address: Text,
  unit_number: Text,
  city: Text,
  state: Text,
  zipcode: Text,
  country: Text,
  description: Text,
  archived: Flag,
});

/**
 * No payload is published, so only what tells one thing from another is read: orders have a number, products an id and no
 * number. https://developer.leaflink.com/legacy/v2/brands/webhooks/
 */
export const WebhookBody = z
  .looseObject({ number: z.exactOptional(OrderNumber), id: z.exactOptional(Key) })
  .refine((body) => body.number !== undefined || body.id !== undefined, "neither an order's number nor a product's id");
