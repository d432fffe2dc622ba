import type { StoredObject } from "../../local/sandbox/object-store.ts";

/** A list of the API (developer.leaflink.com/legacy/v2/api/ref). */
export interface Resource {
  /** As the ledger calls its objects. */
  readonly type: "order" | "product" | "customer";
  /** As the control calls it. */
  readonly name: "orders" | "products" | "customers";
  readonly path: string;
  /** What `include_children` may name. */
  readonly children: readonly string[];
  /** Filters by the equality of a field. */
  readonly filters: readonly string[];
  /** "New & changed" of these can be subscribed to (…/brands/webhooks). */
  readonly hasWebhooks: boolean;
}

export const orders: Resource = {
  type: "order",
  name: "orders",
  path: "/api/v2/orders-received/",
  children: ["line_items", "customer", "sales_reps"],
  filters: ["status"],
  hasWebhooks: true,
};
export const products: Resource = {
  type: "product",
  name: "products",
  path: "/api/v2/products/",
  children: [],
  filters: ["listing_state", "sku"],
  hasWebhooks: true,
};
export const customers: Resource = {
  type: "customer",
  name: "customers",
  path: "/api/v2/customers/",
  children: [],
  filters: ["name"],
  hasWebhooks: false,
};

export const resources: readonly Resource[] = [orders, products, customers];

/** An object as an answer shows it: an order's lines only where they were asked for. */
export function shown(object: StoredObject, withChildren: readonly string[]): Readonly<Record<string, unknown>> {
  if (withChildren.includes("line_items")) return object.state;
  const { line_items: _, ...rest } = object.state;
  return rest;
}
