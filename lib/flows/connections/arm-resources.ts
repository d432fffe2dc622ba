import { importedByThemselves } from "../../engine/child-driver.ts";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Connection, Ports, ResourceState } from "../../engine/ports.ts";
import { changeResource } from "../change-resource.ts";

/** Makes every resource of the driver that is imported by itself due at a time, with a first state where there is none. */
export async function armResources(
  ports: Pick<Ports, "connections">,
  driver: PartnerDriver,
  connection: Connection,
  dueAtMs: number,
): Promise<void> {
  for (const resource of importedByThemselves(driver)) {
    const fresh = newState(connection, resource, dueAtMs);
    if ((await ports.connections.createResource(fresh)) === "created") continue;
    await changeResource(ports, fresh, (state) => ({ ...state, nextDueMs: dueAtMs }));
  }
}

/** Takes every resource off the schedule. */
export async function disarmResources(ports: Pick<Ports, "connections">, connection: Connection): Promise<void> {
  for (const state of await ports.connections.listResources(connection.partner, connection.connectionId)) {
    if (state.nextDueMs !== null) await changeResource(ports, state, (current) => ({ ...current, nextDueMs: null }));
  }
}

/** How a resource stands; one that the driver has gained since gets its first state. */
export async function readOrCreateState(
  ports: Pick<Ports, "connections">,
  connection: Connection,
  resource: string,
  dueAtMs: number,
): Promise<ResourceState> {
  const state = await ports.connections.readResource(connection.partner, connection.connectionId, resource);
  if (state !== null) return state;
  const fresh = newState(connection, resource, dueAtMs);
  if ((await ports.connections.createResource(fresh)) === "created") return fresh;
  // Somebody was quicker, and may have named a run there.
  return (await ports.connections.readResource(connection.partner, connection.connectionId, resource)) ?? fresh;
}

function newState(connection: Connection, resource: string, dueAtMs: number): ResourceState {
  return {
    partner: connection.partner,
    connectionId: connection.connectionId,
    resource,
    nextDueMs: dueAtMs,
    activeRunId: null,
    watermarkMs: null,
    fullPassAtMs: null,
    succeededAtMs: null,
    lastError: null,
    revision: 1,
  };
}
