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
  // Partners' names have no underscore, and a stranger's id must not become a table's key.
  const partner = /^([a-z][a-z0-9-]*)_[A-Za-z0-9_-]{1,60}$/.exec(id)?.[1];
  if (partner === undefined || ports.partners.find(partner) === null) return null;
  return ports.connections.read(partner, id);
}

/** The name, if the connection's partner has such a resource, or the 404. */
export function findResource(ports: Pick<ApiPorts, "partners">, connection: Connection, name: string): string {
  const resources = ports.partners.find(connection.partner)?.resources ?? {};
  if (!Object.hasOwn(resources, name)) throw notFound("such resource of this connection's partner");
  return name;
}
