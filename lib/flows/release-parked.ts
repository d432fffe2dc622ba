import { beginProbe, connectionBreaker } from "../engine/breaker.ts";
import { holdOf } from "../engine/control.ts";
import type { PartnerDriver } from "../engine/define-partner.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { ParkedJob, Parking, Ports } from "../engine/ports.ts";
import { personsMs } from "./held.ts";

export type ReleasePorts = Pick<Ports, "clock" | "connections" | "control" | "parked" | "lanes" | "metrics" | "log">;

/** A minute's worth over all connections, and of one of them: a lane is not to be flooded by what one connection missed. */
const jobsMax = 1_000;
const jobsOfOneMax = 250;
const connectionsMax = 50;
/** Read together; a job may be 300 KB. */
const pageSize = 25;
const sendsAtOnce = 5;
/** A connection that is being probed is looked at again after this. */
const probeLookMs = 60_000;

/**
 * Sends parked jobs again whose connections are held no more. Sent first and removed after: dying in between, a job comes
 * twice, and its work is to fetch again. Returns how many were sent.
 */
export async function releaseParked(ports: ReleasePorts, driver: PartnerDriver): Promise<number> {
  const due = await ports.parked.due(driver.name, ports.clock.nowMs(), connectionsMax);
  let sent = 0;
  for (const parking of due) {
    if (sent >= jobsMax) break;
    try {
      sent += await lookAt(ports, parking, Math.min(jobsOfOneMax, jobsMax - sent));
    } catch (error) {
      // It stays due; the others are not to wait for it.
      const { partner, connectionId } = parking;
      ports.log.error("could not release parked jobs; it is tried again in a minute", { partner, connectionId, error });
    }
  }
  if (sent > 0) ports.metrics.count("JobsReleased", sent, { partner: driver.name });
  return sent;
}

type Stand =
  | { readonly kind: "free" }
  /** One may go, to find out. */
  | { readonly kind: "probe" }
  | { readonly kind: "held"; readonly untilMs: number }
  | { readonly kind: "removed" };

async function lookAt(ports: ReleasePorts, parking: Parking, most: number): Promise<number> {
  const stand = await standOf(ports, parking);
  const nowMs = ports.clock.nowMs();
  switch (stand.kind) {
    case "held": {
      const stale = await release(ports, parking, pageSize, (parked) => parked.job.expiresAtMs <= nowMs);
      await ports.parked.look(parking, stand.untilMs);
      return stale.sent;
    }
    case "probe": {
      const one = await release(ports, parking, 1, () => true);
      await ports.parked.look(parking, one.left ? nowMs + probeLookMs : null);
      return one.sent;
    }
    case "free": {
      const all = await release(ports, parking, most, () => true);
      await ports.parked.look(parking, all.left ? nowMs : null);
      return all.sent;
    }
    case "removed": {
      const left = await drop(ports, parking, most);
      await ports.parked.look(parking, left ? nowMs : null);
      return 0;
    }
  }
}

async function standOf(ports: ReleasePorts, { partner, connectionId }: Parking): Promise<Stand> {
  // Waited too often for something that is no connection's.
  if (connectionId === "-") return { kind: "free" };
  const connection = await ports.connections.read(partner, connectionId);
  if (connection === null) return { kind: "removed" };
  const nowMs = ports.clock.nowMs();
  if (connection.status !== "active") return { kind: "held", untilMs: nowMs + personsMs };
  const control = await ports.control.read(partner, connectionId, { fresh: true });
  const hold = holdOf(control, nowMs);
  if (hold === null) return { kind: "free" };
  const mayProbe = hold.reason === "breaker" && beginProbe(control.breaker, nowMs, connectionBreaker).kind === "probe";
  return mayProbe ? { kind: "probe" } : { kind: "held", untilMs: hold.untilMs };
}

/** Sends and removes, oldest first, at most `most` of those that are `wanted`; `left`: there may be more. */
async function release(
  ports: ReleasePorts,
  { partner, connectionId }: Parking,
  most: number,
  wanted: (parked: ParkedJob) => boolean,
): Promise<{ readonly sent: number; readonly left: boolean }> {
  let sent = 0;
  while (sent < most) {
    const page = await ports.parked.list(partner, connectionId, Math.min(pageSize, most - sent));
    if (page.length === 0) return { sent, left: false };
    const chosen = page.filter(wanted);
    await mapBounded(chosen, sendsAtOnce, async (parked) => {
      await ports.lanes.send(parked.job, 0);
      await ports.parked.remove(parked);
    });
    sent += chosen.length;
    if (chosen.length < page.length) break;
  }
  return { sent, left: true };
}

/** Nothing is left to work them for. Returns whether there may be more. */
async function drop(ports: ReleasePorts, { partner, connectionId }: Parking, most: number): Promise<boolean> {
  let dropped = 0;
  while (dropped < most) {
    const page = await ports.parked.list(partner, connectionId, pageSize);
    if (page.length === 0) break;
    await mapBounded(page, sendsAtOnce, (parked) => ports.parked.remove(parked));
    dropped += page.length;
  }
  if (dropped > 0) {
    ports.metrics.count("JobsDropped", dropped, { partner, kind: "connection-removed" });
    ports.log.warn("dropped the parked jobs of a removed connection", { partner, connectionId, jobs: dropped });
  }
  return dropped >= most;
}
