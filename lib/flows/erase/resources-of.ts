import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Connection, Ports } from "../../engine/ports.ts";

/**
 * The resources that a connection may have records of. The driver may have lost one whose records are still there, and gained
 * one that has no state yet; a partner that was taken out of the configuration has no driver at all.
 */
export async function resourcesOf(
  ports: Pick<Ports, "connections">,
  driver: PartnerDriver | null,
  { partner, connectionId }: Pick<Connection, "partner" | "connectionId">,
): Promise<readonly string[]> {
  const states = await ports.connections.listResources(partner, connectionId);
  return [...new Set([...Object.keys(driver?.resources ?? {}), ...states.map((state) => state.resource)])];
}
