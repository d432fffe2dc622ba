import { changed, holdOf } from "../engine/control.ts";
import type { Control } from "../engine/control.ts";
import type { PartnerDriver } from "../engine/define-partner.ts";
import { forgetsSoon } from "../engine/lane-retention.ts";
import type { Mappings, Ports } from "../engine/ports.ts";
import { agreeMappings } from "./agree-mappings.ts";
import type { CallPorts } from "./call-partner.ts";
import { changeControl } from "./change-control.ts";
import { judgePartner } from "./judge-partner.ts";
import type { WorkContext } from "./outcome.ts";
import { probePartner } from "./probe-partner.ts";
import { releaseParked } from "./release-parked.ts";
import { sendCanaries } from "./send-canaries.ts";
import { lookAtConnections } from "./subscriptions/look-at-connections.ts";

export type ControlPorts = CallPorts & Pick<Ports, "connections" | "lanes"> & { readonly mappings: Mappings };

export interface ControlReport {
  readonly breaker: Control["breaker"]["kind"];
  readonly lanes: Control["lanes"]["wanted"];
  readonly agreed: boolean;
  readonly released: number;
  /** What a person should hear of: it does not come right by itself. */
  readonly amiss: readonly string[];
}

/**
 * Once a minute: asks how the partner is while its breaker is open, makes its mappings agree with what is wanted, sends
 * again what was parked for connections that are held no more, and a canary down each lane. It holds nothing in its hands
 * from one minute to the next: killed anywhere, the next minute reads what is stored and goes on.
 */
export async function controlPartner(
  ports: ControlPorts,
  driver: PartnerDriver,
  context: WorkContext,
): Promise<ControlReport> {
  const faults: unknown[] = [];
  // None of the steps waits for another's success: a partner whose probe cannot be sent must still be switched off.
  const step = async <T>(what: string, work: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      ports.log.error(`partner-control could not ${what}; it tries again in a minute`, { partner: driver.name, error });
      faults.push(error);
      return otherwise;
    }
  };
  let control = await ports.control.read(driver.name, null, { fresh: true });
  control = await step("judge what fails", () => judgePartner(ports, control), control);
  control = await step("probe", () => probePartner(ports, driver, control, context), control);
  const mapped = await step("set mappings", () => agreeMappings(ports, control), { control, amiss: [] });
  control = mapped.control;
  control = await step("look for held connections", () => noteConnectionsHeld(ports, control), control);
  const hold = holdOf(control, ports.clock.nowMs());
  if (hold !== null) ports.metrics.count("PartnerHeld", 1, { partner: driver.name, kind: hold.reason });
  const running = control.lanes.wanted === "running" && control.lanes.agreed;
  const missed = running ? await step("send canaries", () => sendCanaries(ports, control), []) : [];
  // What needs the partner is not begun while it is held; it stays due.
  if (hold === null) await step("look at connections", () => lookAtConnections(ports, driver), 0);
  const released = hold === null ? await step("release parked jobs", () => releaseParked(ports, driver), 0) : 0;
  if (faults.length > 0) throw faults[0];
  const { breaker, lanes } = control;
  const forgets = forgetsSoon(control, ports.clock.nowMs());
  const amiss = [...mapped.amiss, ...missed, ...(forgets === null ? [] : [forgets])];
  return { breaker: breaker.kind, lanes: lanes.wanted, agreed: lanes.agreed, released, amiss };
}

/** Whether it is worth every caller's while to read its connection's control too. */
async function noteConnectionsHeld(ports: ControlPorts, control: Control): Promise<Control> {
  const held = await ports.control.held(control.partner, 1);
  const connectionsHeld = held.length > 0;
  if (connectionsHeld === control.connectionsHeld) return control;
  const noted = await changeControl(ports, control, (current) =>
    current.connectionsHeld === connectionsHeld ? current : changed(current, { connectionsHeld }),
  );
  return noted?.control ?? control;
}
