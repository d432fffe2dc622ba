import { partnerOfConnectionId } from "../../engine/connection-id.ts";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Connection } from "../../engine/ports.ts";
import { notFound } from "./problem.ts";
import type { ApiPorts } from "./request.ts";

/** The connection of an id, or the 404. An id tells its partner: `stripe_…`. */
export async function findConnection(
  ports: Pick<ApiPorts, "connections" | "partners">,
  id: string,
): Promise<Connection> {
  const connection = await readConnection(ports, id);
  if (connection === null) throw notFound("such connection");
  return connection;
}

async function readConnection(
  ports: Pick<ApiPorts, "connections" | "partners">,
  id: string,
): Promise<Connection | null> {
  const partner = partnerOfConnectionId(id);
  if (partner === null || ports.partners.find(partner) === null) return null;
  return ports.connections.read(partner, id);
}

/** The driver of a connection that was found, and so is there. */
export function driverOf(ports: Pick<ApiPorts, "partners">, connection: Connection): PartnerDriver {
  const driver = ports.partners.find(connection.partner);
  if (driver === null) throw notFound("such connection");
  return driver;
}

/** The name, if the connection's partner has such a resource, or the 404. */
export function findResource(ports: Pick<ApiPorts, "partners">, connection: Connection, name: string): string {
  if (!Object.hasOwn(driverOf(ports, connection).resources, name))
    throw notFound("such resource of this connection's partner");
  return name;
}
