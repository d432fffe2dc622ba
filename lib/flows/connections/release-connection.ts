import type { Connection, Ports } from "../../engine/ports.ts";
import { bringForward } from "../../engine/run.ts";
import { isHeld } from "../held.ts";

/**
 * Brings forward what waited for a connection that is active again: its parked jobs and its runs. Dying on the way costs
 * time and nothing else: both are looked at again within the hour by themselves.
 */
export async function releaseConnection(
  ports: Pick<Ports, "clock" | "connections" | "runs" | "parked">,
  { partner, connectionId }: Pick<Connection, "partner" | "connectionId">,
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  await ports.parked.wake(partner, connectionId, nowMs);
  for (const { activeRunId } of await ports.connections.listResources(partner, connectionId)) {
    const run = activeRunId === null ? null : await ports.runs.read(partner, connectionId, activeRunId);
    if (run?.status.kind !== "active" || run.status.waiting === null || !isHeld(run.status.waiting)) continue;
    // Superseded: somebody moves it, and that is all that is wanted.
    await ports.runs.compareAndSet(bringForward(run, nowMs));
  }
}
