import type { PartnerDriver } from "../engine/define-partner.ts";
import type { Ports, ResourceState } from "../engine/ports.ts";
import { alertsOf, isLate } from "../engine/sync-health.ts";
import type { SyncAlert } from "../engine/sync-health.ts";

type NotePorts = Pick<Ports, "metrics" | "log">;

/** One metric of the whole stage rings, as each is paid for by itself: whose it was is in the log and in the sync status. */
export const syncAlerts = "SyncAlerts";

/** Counts what the end of a run says that a person should hear. */
export function noteRunEnded(ports: NotePorts, state: ResourceState | null): void {
  if (state === null) return;
  for (const alert of alertsOf(state)) note(ports, state, alert);
}

/** Counts the due imports that have not succeeded for longer than they should; not while somebody wishes for none. */
export async function noteLateImports(
  ports: NotePorts & Pick<Ports, "clock" | "control">,
  driver: PartnerDriver,
  due: readonly ResourceState[],
): Promise<void> {
  if (due.length === 0) return;
  const { pause, schedules } = await ports.control.read(driver.name, null);
  if (pause !== null || schedules !== null) return;
  const nowMs = ports.clock.nowMs();
  for (const state of due) {
    const everyMs = driver.resources[state.resource]?.everyMs;
    // One that never succeeded is told by its failures: a run that nothing moves fails, too.
    if (everyMs !== undefined && isLate(state, everyMs, null, nowMs)) note(ports, state, "late");
  }
}

function note(ports: NotePorts, { partner, connectionId, resource }: ResourceState, alert: SyncAlert): void {
  ports.metrics.count(syncAlerts, 1, {});
  ports.log.warn("an import wants a person", { alert, partner, connectionId, resource });
}
