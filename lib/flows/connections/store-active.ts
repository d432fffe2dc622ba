import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Connection, Ports } from "../../engine/ports.ts";
import { armResources } from "./arm-resources.ts";
import { releaseConnection } from "./release-connection.ts";

/** Longer than a call of the API can live. */
const callMsMax = 60_000;

/**
 * Stores a connection as active with all its resources due now. They are put on the schedule first, for a time when this
 * call has ended one way or the other: a fan-out in between would find the connection not active and take off the
 * schedule what is due, and dying after that would leave an active connection that nothing ever imports.
 */
export async function storeActive(
  ports: Pick<Ports, "clock" | "connections" | "runs" | "parked">,
  driver: PartnerDriver,
  next: Connection,
): Promise<"stored" | "superseded"> {
  await armResources(ports, driver, next, ports.clock.nowMs() + callMsMax);
  if ((await ports.connections.compareAndSet(next)) === "superseded") return "superseded";
  await armResources(ports, driver, next, ports.clock.nowMs());
  await releaseConnection(ports, next);
  return "stored";
}
