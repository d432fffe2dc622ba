import type { Hold } from "../engine/control.ts";

/** Why a call waits when its partner, or its connection alone, is held: the reasons that are no limit's. */
const reasons = {
  partner: { paused: "paused", breaker: "breaker" },
  connection: { paused: "connection-paused", breaker: "connection-breaker" },
} as const;

export const needsReconnectReason = "connection-needs-reconnect";

/** A held call as the wait that flows pass on. */
export function waitOf(hold: Hold): { readonly kind: "wait"; readonly untilMs: number; readonly reason: string } {
  return { kind: "wait", untilMs: hold.untilMs, reason: reasons[hold.scope][hold.reason] };
}

/** The partner is well and the connection is not: its jobs are parked, where they cost nothing. */
export function isConnectionHeld(reason: string): boolean {
  return (
    reason === reasons.connection.paused || reason === reasons.connection.breaker || reason === needsReconnectReason
  );
}

/** Held at all: whatever waits is looked at when its time has come, and nothing goes round on a lane. */
export function isHeld(reason: string): boolean {
  return isConnectionHeld(reason) || reason === reasons.partner.paused || reason === reasons.partner.breaker;
}

/** A person ends these waits, and says so: looking more often finds nothing. */
export const personsMs = 3_600_000;

/** The wait of a connection that is not active, for as long as nobody makes it so. */
export function waitForPerson(
  status: "paused" | "needs-reconnect",
  nowMs: number,
): { readonly kind: "wait"; readonly untilMs: number; readonly reason: string } {
  const reason = status === "paused" ? reasons.connection.paused : needsReconnectReason;
  return { kind: "wait", untilMs: nowMs + personsMs, reason };
}
