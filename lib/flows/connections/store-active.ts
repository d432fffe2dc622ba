import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Connection, Ports } from "../../engine/ports.ts";
import { armResources } from "./arm-resources.ts";

/**
 * Stores a connection as active with all its resources due. Due first, so that dying in between leaves no active
 * connection that nothing ever imports; and due again after, because a fan-out in between has found the connection not
 * active and taken its resources off the schedule.
 */
export async function storeActive(
  ports: Pick<Ports, "clock" | "connections">,
  driver: PartnerDriver,
  next: Connection,
): Promise<"stored" | "superseded"> {
  const nowMs = ports.clock.nowMs();
  await armResources(ports, driver, next, nowMs);
  if ((await ports.connections.compareAndSet(next)) === "superseded") return "superseded";
  await armResources(ports, driver, next, nowMs);
  return "stored";
}
