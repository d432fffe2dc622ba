import type { Connection, ResourceState } from "../../engine/ports.ts";

export type ConnectionHealth = "working" | "failing" | "paused" | "needs-reconnect";

/** What is known of one partner when it is judged. */
export interface Signals {
  readonly connections: Readonly<Record<ConnectionHealth, number>>;
  readonly openFailures: { readonly total: number; readonly byKind: Readonly<Record<string, number>> };
  /** Resources that were due long ago and were not started. */
  readonly overdue: number;
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

/** Down: no connection that should work does. Degraded: something wants a person. Paused connections are somebody's wish. */
export function judgePartner({ connections, openFailures, overdue }: Signals): Verdict {
  const broken = connections.failing + connections["needs-reconnect"];
  const why = [
    ...(connections.failing === 0 ? [] : [`${count(connections.failing, "connection")} failed at the last import`]),
    ...(connections["needs-reconnect"] === 0
      ? []
      : [`${count(connections["needs-reconnect"], "connection")} without a credential that works`]),
    ...(overdue === 0 ? [] : [`${count(overdue, "import")} due and not started`]),
    ...(openFailures.total === 0
      ? []
      : [`${count(openFailures.total, "open failure")}${kindsOf(openFailures.byKind)}`]),
  ];
  if (broken > 0 && connections.working === 0) return { health: "down", why };
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
