import type * as z from "zod";
import type { SnapshotEvent, WebhookEvent } from "./schemas.ts";

type Event = z.infer<typeof WebhookEvent>;
type Snapshot = z.infer<typeof SnapshotEvent>;

export type StripeResource = "charges" | "paymentIntents" | "customers";

export interface StripeTouch {
  readonly resource: StripeResource;
  readonly externalId: string;
}

const resourceOf: ReadonlyMap<string, StripeResource> = new Map([
  ["charge", "charges"],
  ["payment_intent", "paymentIntents"],
  ["customer", "customers"],
]);

/**
 * What an event says has changed: its own object, and those whose state moves with it. A refund or a dispute changes its
 * charge, a discount its customer (https://docs.stripe.com/api/events/types). The snapshot is not used: events come in any order.
 */
export function touchesOf(event: Event): readonly StripeTouch[] {
  if (event.object === "v2.core.event") return touched(event.related_object?.type, event.related_object?.id);
  const { object } = event.data;
  const own = touched(object.object, object.id);
  if (object.object === "refund" || object.object === "dispute") {
    return [...own, ...touched("charge", object.charge), ...touched("payment_intent", object.payment_intent)];
  }
  return object.object === "discount" ? [...own, ...touched("customer", object.customer)] : own;
}

/** Of one resource, the ids that an item of the events feed names. */
export function touchedIds(resource: StripeResource): (event: Snapshot) => readonly string[] {
  return (event) =>
    touchesOf(event)
      .filter((touch) => touch.resource === resource)
      .map((touch) => touch.externalId);
}

function touched(type: string | undefined, id: string | null | undefined): readonly StripeTouch[] {
  const resource = resourceOf.get(type ?? "");
  return resource === undefined || id === undefined || id === null ? [] : [{ resource, externalId: id }];
}
