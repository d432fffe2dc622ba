import type { Clock, Lease, Leases } from "../../../lib/engine/ports.ts";

export class MemoryLeases implements Leases {
  readonly #held = new Map<string, Lease>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async acquire(key: string, ttlMs: number): ReturnType<Leases["acquire"]> {
    const nowMs = this.#clock.nowMs();
    const former = this.#held.get(key);
    if (former !== undefined && former.expiresAtMs > nowMs) return { kind: "held", expiresAtMs: former.expiresAtMs };
    const lease: Lease = { kind: "leased", key, fence: (former?.fence ?? 0) + 1, expiresAtMs: nowMs + ttlMs };
    this.#held.set(key, lease);
    return lease;
  }

  async release(lease: Lease): Promise<void> {
    const held = this.#held.get(lease.key);
    if (held?.fence === lease.fence) this.#held.set(lease.key, { ...held, expiresAtMs: 0 });
  }
}
