import type { Connection, ResourceState } from "../../engine/ports.ts";
import type { HeldView } from "./held-view.ts";

export type ConnectionHealth = "working" | "failing" | "paused" | "needs-reconnect";

/** What is known of one partner when it is judged. */
export interface Signals {
  readonly connections: Readonly<Record<ConnectionHealth, number>>;
  readonly openFailures: { readonly total: number; readonly byKind: Readonly<Record<string, number>> };
  /** Resources that were due long ago and were not started. */
  readonly overdue: number;
  /** What holds the whole partner. */
  readonly held: readonly HeldView[];
  /** Why due imports are not started, where nothing holds the partner: its lane is full. */
  readonly heldBack: string | null;
  /** Connections that a breaker of their own holds. */
  readonly connectionsHeld: number;
  /** Active connections whose registration of webhooks fails, and whose credential ends soon or has ended. */
  readonly webhooksFailing: number;
  readonly credentialsEnding: number;
}

export interface Verdict {
  readonly health: "healthy" | "degraded" | "down";
  /** Plain words, the worst first; none when it is healthy. */
  readonly why: readonly string[];
}

/** A connection fails when what it did last, in any of its resources, failed: a success wipes out the error before it. */
export function judgeConnection(connection: Connection, states: readonly ResourceState[]): ConnectionHealth {
  if (connection.status !== "active") return connection.status;
  return states.some((state) => state.lastError !== null) ? "failing" : "working";
}

/**
 * Down: no connection that should work does, or the breaker lets none. Degraded: something wants a person. What is paused or
 * drained is somebody's wish, and so is what is not started because of it.
 */
export function judgePartner(signals: Signals): Verdict {
  const { connections, openFailures, connectionsHeld, heldBack } = signals;
  const broken = connections.failing + connections["needs-reconnect"];
  const breaker = signals.held.find(({ what }) => what === "breaker");
  const overdue = signals.held.length > 0 || heldBack !== null ? 0 : signals.overdue;
  const why = [
    ...(breaker === undefined ? [] : [breaker.why]),
    ...(connectionsHeld === 0 ? [] : [`${count(connectionsHeld, "connection")} held by a breaker of its own`]),
    ...(heldBack === null ? [] : [`due imports are held back: ${heldBack}`]),
    ...(connections.failing === 0 ? [] : [`${count(connections.failing, "connection")} failed at the last import`]),
    ...(connections["needs-reconnect"] === 0
      ? []
      : [`${count(connections["needs-reconnect"], "connection")} without a credential that works`]),
    ...(signals.webhooksFailing === 0
      ? []
      : [`${count(signals.webhooksFailing, "connection")} whose webhooks cannot be registered`]),
    ...(signals.credentialsEnding === 0
      ? []
      : [`${count(signals.credentialsEnding, "credential")} that ended or will within two weeks`]),
    ...(overdue === 0 ? [] : [`${count(overdue, "import")} due and not started`]),
    ...(openFailures.total === 0
      ? []
      : [`${count(openFailures.total, "open failure")}${kindsOf(openFailures.byKind)}`]),
  ];
  if (breaker !== undefined || (broken > 0 && connections.working === 0)) return { health: "down", why };
  return { health: why.length === 0 ? "healthy" : "degraded", why };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

function kindsOf(byKind: Readonly<Record<string, number>>): string {
  const parts = Object.entries(byKind)
    .toSorted(([, a], [, b]) => b - a)
    .map(([kind, number]) => `${number} ${kind}`);
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}
