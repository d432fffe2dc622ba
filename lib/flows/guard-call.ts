import {
  asksForSuccesses,
  beginProbe,
  connectionBreaker,
  countCalls,
  endProbe,
  partnerBreaker,
} from "../engine/breaker.ts";
import type { BreakerRule, CallTally } from "../engine/breaker.ts";
import { changed, holdOf } from "../engine/control.ts";
import type { Control } from "../engine/control.ts";
import type { Connection, Ports } from "../engine/ports.ts";
import type { CallResult, PartnerCall } from "./call-partner.ts";
import { tagOf } from "../engine/worst-connections.ts";
import { changeControl } from "./change-control.ts";
import { waitOf } from "./held.ts";
import { needReconnect, saysRevoked } from "./need-reconnect.ts";
import type { ReconnectPorts } from "./need-reconnect.ts";

export type GuardPorts = Pick<Ports, "clock" | "random" | "control" | "tallies" | "parked"> & ReconnectPorts;

/**
 * Lets a call through while neither a person nor a breaker holds it back, and tells the breakers what came of it. All is
 * well, that is a cached read and no write. The partner's own probes pass: whoever sends them has been admitted.
 */
export async function guardCall(
  ports: GuardPorts,
  call: PartnerCall,
  send: () => Promise<CallResult>,
): Promise<CallResult> {
  if (call.probe === true) return send();
  const admission = await admit(ports, call.connection);
  if (admission.kind === "wait") return admission;
  let result = await send();
  // A key that was refused is tried once more before it is called revoked; a token was renewed for that already.
  if (saysRevoked(result) && call.driver.auth.kind === "header") result = await send();
  if (saysRevoked(result)) await needReconnect(ports, call.driver, call.connection, result.error);
  await report(ports, call.connection, result, admission);
  return result;
}

/** So much later a call that was let through is not sent without another look: reads in between may have been slow. */
const admittedMsMax = 5_000;

/** Whether the partner is held by now, for a call that was let through at a time; null: it may be sent. A look costs nothing while the last one is fresh. */
export async function heldSince(
  ports: Pick<Ports, "clock" | "control">,
  { connection, probe }: Pick<PartnerCall, "connection" | "probe">,
  admittedMs: number,
): Promise<Extract<CallResult, { readonly kind: "wait" }> | null> {
  if (probe === true || ports.clock.nowMs() - admittedMs <= admittedMsMax) return null;
  const hold = holdOf(await ports.control.read(connection.partner, null), ports.clock.nowMs());
  return hold === null ? null : waitOf(hold);
}

/** `asked`: others tell of failures at the partner, and what goes well is to be told too. */
interface Admitted {
  readonly kind: "open";
  readonly probe: boolean;
  readonly asked: boolean;
}

type Admission = Admitted | Extract<CallResult, { readonly kind: "wait" }>;

async function admit(ports: GuardPorts, connection: Connection): Promise<Admission> {
  const { partner, connectionId } = connection;
  const nowMs = ports.clock.nowMs();
  const whole = await ports.control.read(partner, null);
  const hold = holdOf(whole, nowMs);
  if (hold !== null) return waitOf(hold);
  const asked = asksForSuccesses(whole.breaker, nowMs, partnerBreaker);
  if (!whole.connectionsHeld) return { kind: "open", probe: false, asked };
  const own = await ports.control.read(partner, connectionId);
  const ownHold = holdOf(own, nowMs);
  if (ownHold === null) return { kind: "open", probe: false, asked };
  if (ownHold.reason === "breaker" && (await takeProbe(ports, own))) return { kind: "open", probe: true, asked };
  return waitOf(ownHold);
}

/** Whoever stores that a probe has begun may send it: over all functions there is no other. */
async function takeProbe(ports: GuardPorts, control: Control): Promise<boolean> {
  // What is cached says whether it is worth asking.
  if (beginProbe(control.breaker, ports.clock.nowMs(), connectionBreaker).kind === "wait") return false;
  const taken = await changeControl(ports, control, (current) => {
    const verdict = beginProbe(current.breaker, ports.clock.nowMs(), connectionBreaker);
    return verdict.kind === "probe" ? changed(current, { breaker: verdict.state }) : current;
  });
  return taken !== null && (taken.stored || taken.control.breaker.kind === "closed");
}

/**
 * What a call says of the partner's health: true and false are for the breaker; null says nothing (a wait was not sent, a
 * refused credential or an exceeded limit is the connection's own affair).
 */
export function failedOf(result: CallResult): boolean | null {
  if (result.kind === "wait") return null;
  if (result.kind === "ok") return false;
  if (result.error.kind === "auth" || result.error.kind === "rate") return null;
  return result.error.kind === "transient";
}

async function report(
  ports: GuardPorts,
  connection: Connection,
  result: CallResult,
  { probe, asked }: Admitted,
): Promise<void> {
  const { partner, connectionId } = connection;
  const failed = failedOf(result);
  if (probe) {
    if (result.kind !== "wait") await decideProbe(ports, connection, failed === true);
    return;
  }
  if (failed === null) return;
  const nowMs = ports.clock.nowMs();
  const ofPartner = ports.tallies.add(partner, failed, nowMs, { by: tagOf(connectionId), asked });
  const ofConnection = ports.tallies.add(`${partner}#${connectionId}`, failed, nowMs);
  const whole = ofPartner === null ? "closed" : await tell(ports, { partner, connectionId: null }, ofPartner);
  // When it is the partner, it is none of its connections.
  if (whole === "closed" && ofConnection !== null) await tell(ports, { partner, connectionId }, ofConnection);
}

async function tell(
  ports: GuardPorts,
  of: Pick<Control, "partner" | "connectionId">,
  tally: CallTally,
): Promise<"closed" | "open"> {
  const rule = ruleOf(of);
  const jitter = ports.random.unit();
  const count = (current: Control): Control => {
    const breaker = countCalls(current.breaker, tally, ports.clock.nowMs(), rule, jitter);
    return breaker === current.breaker ? current : changed(current, { breaker });
  };
  const told = await changeControl(ports, of, count);
  if (told === null) {
    ports.tallies.putBack(
      of.connectionId === null ? of.partner : `${of.partner}#${of.connectionId}`,
      tally,
      ports.clock.nowMs(),
    );
    return "closed";
  }
  if (told.control.breaker.kind === "closed") return "closed";
  if (told.stored) {
    sayOpened(ports, told.control);
    if (of.connectionId !== null) await noteConnectionsHeld(ports, of.partner);
  }
  return "open";
}

/** So that everybody reads the connection's breaker. A note that gets lost is made by `partner-control` within a minute. */
async function noteConnectionsHeld(ports: GuardPorts, partner: string): Promise<void> {
  await changeControl(ports, { partner, connectionId: null }, (current) =>
    current.connectionsHeld ? current : changed(current, { connectionsHeld: true }),
  );
}

async function decideProbe(ports: GuardPorts, connection: Connection, failed: boolean): Promise<void> {
  const { partner, connectionId } = connection;
  const jitter = ports.random.unit();
  await changeControl(ports, { partner, connectionId }, (current) => {
    const outcome = failed ? "failed" : "passed";
    const breaker = endProbe(current.breaker, outcome, ports.clock.nowMs(), connectionBreaker, jitter);
    return breaker === current.breaker ? current : changed(current, { breaker });
  });
  if (!failed) await ports.parked.wake(partner, connectionId, ports.clock.nowMs());
}

export function sayOpened(ports: GuardPorts, control: Control): void {
  const kind = control.connectionId === null ? "partner" : "connection";
  ports.metrics.count("BreakersOpened", 1, { partner: control.partner, kind });
  ports.log.warn("a breaker opened: too many calls fail, and no more are sent until a probe succeeds", {
    partner: control.partner,
    connectionId: control.connectionId,
  });
}

function ruleOf(of: Pick<Control, "connectionId">): BreakerRule {
  return of.connectionId === null ? partnerBreaker : connectionBreaker;
}
