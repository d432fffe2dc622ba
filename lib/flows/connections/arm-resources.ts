import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Connection, Ports, ResourceState } from "../../engine/ports.ts";
import { changeResource } from "../change-resource.ts";

/** Makes every resource that is not scheduled due now, and makes the states that are missing. Doing it twice changes nothing. */
export async function armResources(
  ports: Pick<Ports, "connections">,
  driver: PartnerDriver,
  connection: Connection,
  nowMs: number,
): Promise<void> {
  const { partner, connectionId } = connection;
  const states = await ports.connections.listResources(partner, connectionId);
  for (const resource of Object.keys(driver.resources)) {
    const state = states.find((candidate) => candidate.resource === resource);
    if (state === undefined) await ports.connections.createResource(newState(connection, resource, nowMs));
    else if (state.nextDueMs === null) {
      await changeResource(ports, state, (current) => ({ ...current, nextDueMs: current.nextDueMs ?? nowMs }));
    }
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
  nowMs: number,
): Promise<ResourceState> {
  const state = await ports.connections.readResource(connection.partner, connection.connectionId, resource);
  if (state !== null) return state;
  const fresh = newState(connection, resource, nowMs);
  await ports.connections.createResource(fresh);
  return fresh;
}

function newState(connection: Connection, resource: string, nowMs: number): ResourceState {
  return {
    partner: connection.partner,
    connectionId: connection.connectionId,
    resource,
    nextDueMs: nowMs,
    activeRunId: null,
    watermarkMs: null,
    fullPassAtMs: null,
    succeededAtMs: null,
    lastError: null,
    revision: 1,
  };
}
