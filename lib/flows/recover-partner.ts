import { importedByThemselves } from "../engine/child-driver.ts";
import { changed } from "../engine/control.ts";
import type { Control, Wish } from "../engine/control.ts";
import type { PartnerDriver } from "../engine/define-partner.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { Connection, Ports, ResourceState } from "../engine/ports.ts";
import { withoutPurge, withPurge } from "../engine/purge.ts";
import { askAgain } from "../engine/refresh-ask.ts";
import { changeControl } from "./change-control.ts";
import { changeResource } from "./change-resource.ts";
import { readOrCreateState } from "./connections/arm-resources.ts";

export type RecoverPorts = Pick<Ports, "clock" | "connections" | "control">;

export interface RecoverOrder {
  readonly how: RecoverHow;
  /** null: all. */
  readonly resources: readonly string[] | null;
  /** Everything is passed over again, where the changes since the last import would do. */
  readonly full: boolean;
}

/** `drain`: work off what waits. `purge-and-refresh`: skip it, and import afresh. `pause`: leave it, and do no more. */
export type RecoverHow = "drain" | "purge-and-refresh" | "pause";

/** Of all partners: a page of the list of connections is what one call changes. */
const connectionsMax = 50;
const atOnce = 8;

/**
 * First what jobs go by, once: marks that purge, or the pause. Before the connections, or the nudges of the fresh imports
 * would be older than the mark. Null when others changed it each time.
 */
export async function recoverControl(
  ports: RecoverPorts,
  { name }: PartnerDriver,
  order: RecoverOrder,
  wish: Wish,
): Promise<Control | null> {
  const result = await changeControl(ports, { partner: name, connectionId: null }, (control) =>
    controlAfter(control, order, wish),
  );
  return result?.control ?? null;
}

function controlAfter(control: Control, { how, resources }: RecoverOrder, wish: Wish): Control {
  switch (how) {
    case "purge-and-refresh":
      return changed(control, { staleBefore: withPurge(control.staleBefore, resources, wish.sinceMs) });
    case "drain": {
      const staleBefore = withoutPurge(control.staleBefore, resources);
      // One resource is no reason to let all of them go on.
      const pause = resources === null ? null : control.pause;
      if (pause === control.pause && staleBefore.length === control.staleBefore.length) return control;
      return changed(control, { staleBefore, pause });
    }
    case "pause":
      if (resources !== null || control.pause !== null) return control;
      return changed(control, { pause: wish });
  }
}

export interface RecoveredPage {
  /** Active ones of this partner, in this page. */
  readonly connections: number;
  /** Resources of theirs whose schedule was changed. */
  readonly changed: number;
  readonly next: string | null;
}

/**
 * Then the connections' schedules, a page a call: the same again changes nothing more. Due now, fan-out starts them at the
 * pace that the lane has room for; what each asks for reaches back to its own watermark, and is everything where no
 * increment can.
 */
export async function recoverConnections(
  ports: RecoverPorts,
  driver: PartnerDriver,
  order: RecoverOrder,
  cursor: string | null,
): Promise<RecoveredPage> {
  if (order.how === "pause" && order.resources === null) return { connections: 0, changed: 0, next: null };
  const page = await ports.connections.list(null, { limit: connectionsMax, cursor });
  const own = page.items.filter(({ partner }) => partner === driver.name);
  const resources = order.resources ?? importedByThemselves(driver);
  const places = own.flatMap((connection) => resources.map((resource) => ({ connection, resource })));
  const done = await mapBounded(places, atOnce, (place) => recoverResource(ports, order, place));
  const active = own.filter(({ status }) => status === "active");
  return { connections: active.length, changed: done.filter(Boolean).length, next: page.next };
}

async function recoverResource(
  ports: RecoverPorts,
  order: RecoverOrder,
  { connection, resource }: { readonly connection: Connection; readonly resource: string },
): Promise<boolean> {
  const nowMs = ports.clock.nowMs();
  const after = connection.status === "active" ? stateAfter : heldStateAfter;
  const state = await readOrCreateState(ports, connection, resource, nowMs);
  if (after(state, order, nowMs) === state) return false;
  return (await changeResource(ports, state, (current) => after(current, order, nowMs))) !== null;
}

/** A connection that is paused or without a credential is put on no schedule; when it goes on, it remembers what it was to do. */
function heldStateAfter(state: ResourceState, { how, full }: RecoverOrder, nowMs: number): ResourceState {
  if (how !== "purge-and-refresh" || (!full && state.activeRunId === null)) return state;
  return { ...state, ...refreshed(state, full, nowMs) };
}

function stateAfter(state: ResourceState, { how, full }: RecoverOrder, nowMs: number): ResourceState {
  switch (how) {
    case "purge-and-refresh":
      return { ...state, ...refreshed(state, full, nowMs), nextDueMs: nowMs };
    case "drain":
      return state.nextDueMs === null ? { ...state, nextDueMs: nowMs } : state;
    case "pause":
      return state.nextDueMs === null ? state : { ...state, nextDueMs: null };
  }
}

/** An import that is under way began before: its end leaves what is asked for here as it is. */
function refreshed(
  state: ResourceState,
  full: boolean,
  nowMs: number,
): Pick<ResourceState, "fullPassAtMs" | "refreshAsked"> {
  return {
    fullPassAtMs: full ? null : state.fullPassAtMs,
    refreshAsked: askAgain(state.refreshAsked ?? null, { atMs: nowMs, full }),
  };
}
