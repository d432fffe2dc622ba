import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Eraser } from "../../engine/erasure.ts";
import { fingerprintOf } from "../../engine/fingerprint.ts";
import { mapBounded } from "../../engine/map-bounded.ts";
import type { Connection, Failure, Page, Ports, ResourceState } from "../../engine/ports.ts";
import { end, leaseMs } from "../../engine/run.ts";
import type { Run } from "../../engine/run.ts";
import { changeResource } from "../change-resource.ts";
import { erasureFor } from "../erase/erase-connection.ts";
import { wishRevoked } from "../oauth/revoke-credential.ts";
import { endSubscription } from "../subscriptions/wish-subscription.ts";
import { appendAudit } from "./append-audit.ts";
import type { Actor } from "./append-audit.ts";

export type RemovePorts = Pick<
  Ports,
  "clock" | "random" | "connections" | "runs" | "parked" | "failures" | "audit" | "lanes"
> & { readonly eraser: Eraser };

export type Removal =
  | { readonly kind: "removed" }
  /** It is paused and partly gone: ask again then, and the removal goes on where it is. */
  | {
      readonly kind: "unfinished";
      readonly why: "run-in-progress" | "webhooks-registered" | "token-in-use" | "records-left";
      readonly resources: readonly string[];
      readonly againAtMs: number;
    }
  | { readonly kind: "contended" };

/** Of the 29 seconds that an API call has: until then the mark is begun, or all of it waits for the next call. */
const clearMsMax = 15_000;
/** What comes after the mark has to end by then: nobody can ask for the rest of it. */
const callMsMax = 24_000;
/** Bounds the loop where the clock does not. */
const clearsMax = 2_000;
const failurePagesMax = 5;
const movesAtOnce = 10;
const triesMax = 4;

/**
 * Removes a connection and its records. First it is paused and its runs are ended, so that nothing writes any more; then
 * its records go with their histories and what lies in the bucket, and its failures are discarded; the connection itself goes
 * last: as long as anything is left there is a connection to ask for the rest of it, and dying anywhere in between costs no more
 * than asking again.
 * A mark in its place says whose it was, so that what stays for its time (failures, runs) can be erased before it.
 */
export async function removeConnection(
  ports: RemovePorts,
  driver: PartnerDriver,
  connection: Connection,
  actor: Actor,
): Promise<Removal> {
  const { partner, connectionId, tenantId } = connection;
  const beganMs = ports.clock.nowMs();
  await appendAudit(ports, actor, "connection.remove", connectionId, { tenant: fingerprintOf([tenantId]) });
  // Paused, it also leaves the schedule: fan-out takes off what is due of it.
  if ((await pause(ports, connection)) === "contended") return { kind: "contended" };
  const states = await ports.connections.listResources(partner, connectionId);
  const nowMs = ports.clock.nowMs();
  const quietAtMs = await endRuns(ports, states, nowMs);
  if (quietAtMs > nowMs) {
    const resources = states.filter((state) => state.activeRunId !== null).map((state) => state.resource);
    return { kind: "unfinished", why: "run-in-progress", resources, againAtMs: quietAtMs };
  }
  // While there is a credential to tell the partner with.
  const toldAtMs = await endSubscription(ports, driver, connection);
  if (toldAtMs !== null) return { kind: "unfinished", why: "webhooks-registered", resources: [], againAtMs: toldAtMs };
  const revokedAtMs = await wishRevoked(ports, driver, connection);
  if (revokedAtMs !== null) return { kind: "unfinished", why: "token-in-use", resources: [], againAtMs: revokedAtMs };
  const { resources } = await erasureFor(ports, driver, connection, "removed");
  const untilMs = beganMs + clearMsMax;
  const isLeft =
    (await clear(ports, connection, resources, untilMs)) || (await discardFailures(ports, connection, untilMs));
  if (isLeft) return { kind: "unfinished", why: "records-left", resources, againAtMs: ports.clock.nowMs() };
  if ((await replaceByMark(ports, driver, connection, resources)) === "contended") return { kind: "contended" };
  // `partner-control` finds that it is gone, and drops them.
  await ports.parked.wake(partner, connectionId, ports.clock.nowMs());
  await appendAudit(ports, actor, "connection.removed", connectionId, { tenant: fingerprintOf([tenantId]) });
  // What a worker that had it in hand wrote meanwhile. What is written from now on the publisher of changes takes away.
  await clear(ports, connection, resources, beganMs + callMsMax);
  return { kind: "removed" };
}

async function pause(ports: RemovePorts, connection: Connection): Promise<"paused" | "contended"> {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const current = await ports.connections.read(connection.partner, connection.connectionId);
    if (current === null || current.status === "paused") return "paused";
    const next: Connection = {
      ...current,
      status: "paused",
      revision: current.revision + 1,
      updatedAtMs: ports.clock.nowMs(),
    };
    if ((await ports.connections.compareAndSet(next)) === "stored") return "paused";
  }
  return "contended";
}

/** Ends what is active, and says from when on no worker can still be writing a page of it. */
async function endRuns(ports: RemovePorts, states: readonly ResourceState[], nowMs: number): Promise<number> {
  let quietAtMs = nowMs;
  for (const state of states) {
    if (state.activeRunId === null) continue;
    const run = await ports.runs.read(state.partner, state.connectionId, state.activeRunId);
    if (run !== null) quietAtMs = Math.max(quietAtMs, await endRun(ports, run, nowMs));
  }
  return quietAtMs;
}

const removedCode = "connection-removed";

async function endRun(ports: RemovePorts, run: Run, nowMs: number): Promise<number> {
  // Ended by an earlier call of this removal, from the hands of a worker.
  if (run.status.kind === "failed" && run.status.code === removedCode) return run.status.atMs + leaseMs;
  if (run.status.kind !== "active") return nowMs;
  const held = run.lease !== null && run.lease.expiresAtMs > nowMs;
  // Its revision moves on, so that a worker that holds it can move nothing any more; but it may be in the middle of a page.
  const ended = end(run, { kind: "failed", atMs: nowMs, failureId: "-", code: removedCode }, nowMs);
  const stored = await ports.runs.compareAndSet(ended);
  if (held || stored === "superseded") return nowMs + leaseMs;
  await changeResource(ports, run, (state) => ({ ...state, activeRunId: null }));
  return nowMs;
}

/** Removes records and what lies in the bucket until nothing is left or the time is up; returns whether something is left. */
async function clear(
  ports: RemovePorts,
  { partner, connectionId }: Connection,
  resources: readonly string[],
  untilMs: number,
): Promise<boolean> {
  const of = { partner, connectionId, resources, account: null, quotaItem: null };
  for (const kind of ["records", "objects"] as const) {
    let left = true;
    for (let clears = 0; left && clears < clearsMax && ports.clock.nowMs() < untilMs; clears++)
      ({ left } = await ports.eraser.clear(kind, of));
    if (left) return true;
  }
  return false;
}

/** Its credential and states first: without them it does nothing, and is still there to be removed again. */
async function replaceByMark(
  ports: RemovePorts,
  driver: PartnerDriver,
  { partner, connectionId }: Connection,
  resources: readonly string[],
): Promise<"marked" | "contended"> {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const current = await ports.connections.read(partner, connectionId);
    if (current === null) return "marked";
    const mark = { ...(await erasureFor(ports, driver, current, "removed")), resources };
    let left = true;
    for (let clears = 0; left && clears < clearsMax; clears++)
      ({ left } = await ports.eraser.clear("connection", { ...mark, quotaItem: null }));
    if ((await ports.eraser.mark(mark)) === "stored") return "marked";
  }
  return "contended";
}

/**
 * What waits to be replayed has nothing left to be replayed for, and only what is closed ends by itself. Returns whether some
 * are left open: with the connection gone, nobody could come back for them.
 */
async function discardFailures(
  ports: RemovePorts,
  { partner, connectionId }: Connection,
  untilMs: number,
): Promise<boolean> {
  for (const status of ["open", "replaying"] as const) {
    let cursor: string | null = null;
    for (let page = 0; page < failurePagesMax; page++) {
      if (ports.clock.nowMs() >= untilMs) return true;
      const found: Page<Failure> = await ports.failures.list({ partner, connectionId, status }, { limit: 100, cursor });
      await mapBounded(found.items, movesAtOnce, (failure) =>
        ports.failures.move(failure, [status], "discarded", ports.clock.nowMs()),
      );
      cursor = found.next;
      if (cursor === null) break;
    }
    if (cursor !== null) return true;
  }
  return false;
}
