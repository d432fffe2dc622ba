import { changed, holdOf } from "../engine/control.ts";
import type { Control, LanesState } from "../engine/control.ts";
import type { Mappings, Ports } from "../engine/ports.ts";
import { changeControl } from "./change-control.ts";

/** Longer than AWS takes to change a mapping: a disagreement that outlives it is one. */
const changeMsMax = 180_000;

/**
 * Makes the mappings of the lanes as they should be: polled while nothing holds the partner back. Updates are asynchronous
 * and a deployment may undo them, so what is asked for is looked at again every minute. Says so when they stay otherwise.
 */
export async function agreeMappings(
  ports: Pick<Ports, "clock" | "control" | "metrics"> & { readonly mappings: Mappings },
  control: Control,
): Promise<{ readonly control: Control; readonly amiss: readonly string[] }> {
  const { partner } = control;
  const nowMs = ports.clock.nowMs();
  const wanted = holdOf(control, nowMs) === null ? "running" : "stopped";
  const wantedState = wanted === "running" ? "enabled" : "disabled";
  const wrong = (await ports.mappings.list()).filter(({ state }) => state !== wantedState);
  for (const { lane, state } of wrong) {
    // One that is changing refuses another change.
    if (state !== "changing") await ports.mappings.set(lane, wanted === "running");
  }
  const agreed = wrong.length === 0;
  if (isAs(control.lanes, wanted, agreed)) {
    if (agreed || nowMs - control.lanes.sinceMs < changeMsMax) return { control, amiss: [] };
    ports.metrics.count("MappingsDisagree", wrong.length, { partner });
    const names = wrong.map(({ lane, state }) => `${lane} is ${state}`).join(", ");
    return { control, amiss: [`its event source mappings should be ${wantedState} and stay otherwise (${names})`] };
  }
  const noted = await changeControl(ports, control, (current) =>
    isAs(current.lanes, wanted, agreed) ? current : changed(current, { lanes: { wanted, agreed, sinceMs: nowMs } }),
  );
  return { control: noted?.control ?? control, amiss: [] };
}

function isAs(lanes: LanesState, wanted: LanesState["wanted"], agreed: boolean): boolean {
  // At zero nobody has looked yet.
  return lanes.sinceMs > 0 && lanes.wanted === wanted && lanes.agreed === agreed;
}
