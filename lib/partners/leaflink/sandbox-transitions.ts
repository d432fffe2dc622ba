/** What may become of an order in a status; a status that is not here is the last. LeafLink's own table is not published. */
const nextStatuses: Readonly<Record<string, readonly string[]>> = {
  Draft: ["Submitted", "Cancelled"],
  Submitted: ["Accepted", "Rejected", "Cancelled"],
  Backorder: ["Accepted", "Rejected", "Cancelled"],
  Accepted: ["Fulfilled", "Rejected", "Cancelled"],
  Fulfilled: ["Shipped", "Cancelled"],
  Shipped: ["Complete"],
};

/** developer.leaflink.com/legacy/v2/api/ref: POST /orders-received/{number}/transition/{action}/ */
const statusOfAction: Readonly<Record<string, string>> = {
  submit: "Submitted",
  accept: "Accepted",
  fulfill: "Fulfilled",
  ship: "Shipped",
  complete: "Complete",
  cancel: "Cancelled",
  reject: "Rejected",
};

/** As `available_transitions` tells them. */
export function transitionsFrom(status: string): readonly string[] {
  return (nextStatuses[status] ?? []).map((next) => next.toLowerCase());
}

/** The status that an order goes on to by itself; null when it has come to its end. */
export function nextStatusOf(status: string): string | null {
  return nextStatuses[status]?.[0] ?? null;
}

export function mayBecome(status: string, next: string): boolean {
  return nextStatuses[status]?.includes(next) ?? false;
}

export function statusAfter(action: string): string | null {
  return statusOfAction[action] ?? null;
}

/** The fields that change with an order's status. */
export function inStatus(status: string, at: string): Readonly<Record<string, unknown>> {
  return {
    status,
    available_transitions: transitionsFrom(status),
    ...(status === "Shipped" ? { ship_date: at } : {}),
    ...(status === "Complete" ? { paid: true, paid_date: at.slice(0, 10), payment_balance: "0.00" } : {}),
  };
}
