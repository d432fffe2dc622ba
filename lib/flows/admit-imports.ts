import { depthOf, laneBoundsOf, pressureOf } from "../engine/backpressure.ts";
import type { LaneBounds } from "../engine/backpressure.ts";
import { holdOf, laneAgeMs } from "../engine/control.ts";
import type { PartnerDriver } from "../engine/define-partner.ts";
import type { LaneGauge, Ports } from "../engine/ports.ts";

export type AdmitPorts = Pick<Ports, "clock" | "control" | "log"> & { readonly lanes: LaneGauge };

export type ImportsAdmission =
  | { readonly kind: "free" }
  | {
      readonly kind: "held";
      readonly cause: "paused" | "breaker" | "schedules" | "lane";
      /** So many may be started all the same, the longest overdue first. */
      readonly startMax: number;
      /** In plain words, to follow the partner's title. */
      readonly why: string;
    };

/** Whether a partner's due imports are to be started now: not while it is held or drained, and few or none while its lane is full. */
export async function admitImports(ports: AdmitPorts, driver: PartnerDriver): Promise<ImportsAdmission> {
  const control = await ports.control.read(driver.name, null);
  const nowMs = ports.clock.nowMs();
  const hold = holdOf(control, nowMs);
  if (hold !== null) return held(hold.reason, hold.reason === "paused" ? "it is paused" : "its breaker is open");
  if (control.schedules !== null) return held("schedules", "it is drained");
  const bounds = laneBoundsOf(driver);
  const depth = await readDepth(ports, driver.name, bounds);
  const pressure = pressureOf({ depth, ageMs: laneAgeMs(control, "imports", nowMs) }, bounds);
  switch (pressure.kind) {
    case "free":
      return pressure;
    case "few":
      return { kind: "held", cause: "lane", startMax: pressure.startMax, why: pressure.why };
    case "none":
      return { kind: "held", cause: "lane", startMax: 0, why: pressure.why };
  }
}

function held(cause: "paused" | "breaker" | "schedules", why: string): ImportsAdmission {
  return { kind: "held", cause, startMax: 0, why };
}

async function readDepth(ports: AdmitPorts, partner: string, bounds: LaneBounds): Promise<number> {
  try {
    return depthOf(await ports.lanes.depth(partner, "imports"), bounds);
  } catch (error) {
    // An estimate that cannot be had is no reason to import nothing.
    ports.log.warn("the depth of a lane could not be read; imports are started without it", { partner, error });
    return 0;
  }
}
