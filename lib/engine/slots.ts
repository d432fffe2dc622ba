import { createHash } from "node:crypto";

/**
 * The next time a resource is due: a multiple of its interval, shifted by an offset that is the connection's own, so that a
 * thousand connections of one partner are not all due in the same second.
 */
export function nextSlotMs(everyMs: number, connectionId: string, nowMs: number): number {
  const offsetMs = createHash("sha256").update(connectionId).digest().readUInt32BE(0) % everyMs;
  return (Math.floor((nowMs - offsetMs) / everyMs) + 1) * everyMs + offsetMs;
}
