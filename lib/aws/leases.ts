import type { Clock, Lease, Leases } from "../engine/ports.ts";
import { number, numberOf, text } from "./item.ts";
import type { Table } from "./table.ts";

/** Leases beside the token buckets: an item each, its revision the fence. */
export function createLeases(table: Table, clock: Clock): Leases {
  const itemOf = (lease: Lease) => ({
    pk: text(lease.key),
    revision: number(lease.fence),
    leasedUntilMs: number(lease.expiresAtMs),
  });
  return {
    async acquire(key, ttlMs) {
      const nowMs = clock.nowMs();
      const item = await table.get({ pk: text(key) });
      const heldUntilMs = item === null ? 0 : numberOf(table.name, item, "leasedUntilMs");
      if (heldUntilMs > nowMs) return { kind: "held", expiresAtMs: heldUntilMs };
      const fence = item === null ? 1 : numberOf(table.name, item, "revision") + 1;
      const lease: Lease = { kind: "leased", key, fence, expiresAtMs: nowMs + ttlMs };
      const taken =
        item === null
          ? (await table.create(itemOf(lease))) === "created"
          : (await table.replace(itemOf(lease), fence)).kind === "stored";
      // Lost to somebody who took it between our look and our write.
      return taken ? lease : { kind: "held", expiresAtMs: nowMs + ttlMs };
    },

    async release(lease) {
      // Stored only while this lease is the last one: a holder that was late releases nobody else.
      const next = { ...lease, fence: lease.fence + 1, expiresAtMs: 0 };
      await table.replace(itemOf(next), next.fence);
    },
  };
}
