import type { PartnerDriver } from "../engine/define-partner.ts";
import type { Ports, ResourceState } from "../engine/ports.ts";
import { admitImports } from "./admit-imports.ts";
import type { AdmitPorts } from "./admit-imports.ts";
import { changeResource } from "./change-resource.ts";
import { noteLateImports } from "./note-sync.ts";
import { startRun } from "./start-run.ts";
import type { StartPorts } from "./start-run.ts";

export type FanOutPorts = StartPorts & AdmitPorts & Pick<Ports, "log" | "lanes">;

/** One invocation's worth; what is left is due again in a minute. */
const dueMax = 200;

/**
 * Starts a run for every resource that is due, the longest overdue first, as far as the partner's lane has room. One that
 * cannot be started does not hold up the others; what is held back stays due.
 */
export async function fanOut(
  ports: FanOutPorts,
  driver: PartnerDriver,
): Promise<{ readonly due: number; readonly started: number; readonly failed: number; readonly heldBack: number }> {
  const allDue = await ports.connections.due(driver.name, ports.clock.nowMs(), dueMax);
  const due = await admitted(ports, driver, allDue);
  await noteLateImports(ports, driver, allDue);
  let started = 0;
  let failed = 0;
  for (const state of due) {
    try {
      if (await startDue(ports, driver, state)) started++;
    } catch (error) {
      failed++;
      ports.log.error("could not start a due import; it is due again in a minute", {
        partner: driver.name,
        connectionId: state.connectionId,
        resource: state.resource,
        error: String(error),
      });
    }
  }
  // A metric is paid for while it is written, and nothing is due in most minutes of a quiet partner.
  if (allDue.length > 0) ports.metrics.count("ImportsDue", allDue.length, { partner: driver.name });
  return { due: allDue.length, started, failed, heldBack: allDue.length - due.length };
}

/** What of it may be started now. Nothing is asked while nothing is due: that is most minutes. */
async function admitted(
  ports: FanOutPorts,
  driver: PartnerDriver,
  due: readonly ResourceState[],
): Promise<readonly ResourceState[]> {
  if (due.length === 0) return due;
  const admission = await admitImports(ports, driver);
  if (admission.kind === "free" || admission.startMax >= due.length) return due;
  const { cause: kind, why, startMax } = admission;
  ports.metrics.count("ImportsHeldBack", due.length - startMax, { partner: driver.name, kind });
  ports.log.info("due imports are held back", { partner: driver.name, heldBack: due.length - startMax, why });
  return due.slice(0, startMax);
}

async function startDue(ports: FanOutPorts, driver: PartnerDriver, listed: ResourceState): Promise<boolean> {
  // The index that lists what is due may be behind: started from what it says, an import could run beside another.
  const state = await ports.connections.readResource(driver.name, listed.connectionId, listed.resource);
  if (state === null || state.nextDueMs === null || state.nextDueMs > ports.clock.nowMs()) return false;
  const connection = await ports.connections.read(driver.name, state.connectionId);
  // The slot is the time it was due, which stands still until a run of that name exists: schedules fire at least once.
  const slot = String(state.nextDueMs);
  const result =
    connection === null
      ? null
      : await startRun(ports, { driver, connection, state, mode: null, trigger: "schedule", slot });
  if (result !== null && result.kind !== "refused") return result.kind === "started";
  // Removed, paused or no longer a resource: not due any more until somebody makes it so.
  await changeResource(ports, state, (current) => ({ ...current, nextDueMs: null }));
  return false;
}
