import { lookedAt, warningOf } from "../../engine/credential-stand.ts";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import { mapBounded } from "../../engine/map-bounded.ts";
import type { Connection, Ports } from "../../engine/ports.ts";
import { credentialAlerts } from "../oauth/note-renewal.ts";
import { changeItem } from "./change-connection-item.ts";
import { subscriptionJob } from "./subscription-job.ts";

export type LookPorts = Pick<Ports, "clock" | "connections" | "lanes" | "metrics" | "log">;

const minuteMs = 60_000;
const minutesAnHour = 60;
/** One hour's worth, which is 168,000 a week; what is left is due in the next. */
const connectionsMax = 1_000;
const looksAtOnce = 10;
/** What nobody may be called for is left alone for so long, so that it takes no other's turn. */
const inactiveLookMs = 86_400_000;

/**
 * Once an hour: has registrations of webhooks renewed whose time has come, and tells of credentials that grow old or end
 * soon. Whoever is looked at stays due until that is done, so that dying anywhere costs an hour.
 */
export async function lookAtConnections(ports: LookPorts, driver: PartnerDriver): Promise<number> {
  if (minuteOf(ports.clock.nowMs()) !== ownMinuteOf(driver.name)) return 0;
  const due = await ports.connections.dueLooks(driver.name, ports.clock.nowMs(), connectionsMax);
  await mapBounded(due, looksAtOnce, async (listed) => {
    try {
      await lookAt(ports, driver, listed);
    } catch (error) {
      const { partner, connectionId } = listed;
      ports.log.error("could not look at a connection; it is looked at again in an hour", {
        partner,
        connectionId,
        error,
      });
    }
  });
  return due.length;
}

/** Whoever calls every minute does it in one of the hour's; partners in different ones. */
export function ownMinuteOf(partner: string): number {
  return Buffer.from(partner).reduce((minute, byte) => (minute * 31 + byte) % minutesAnHour, 0);
}

function minuteOf(nowMs: number): number {
  return Math.floor(nowMs / minuteMs) % minutesAnHour;
}

async function lookAt(ports: LookPorts, driver: PartnerDriver, listed: Connection): Promise<void> {
  // The index that lists them may be behind.
  const connection = await ports.connections.read(listed.partner, listed.connectionId);
  if (connection === null) return;
  const nowMs = ports.clock.nowMs();
  const { subscription, credential, status } = connection;
  const isActive = status === "active";
  const isDue = subscription !== undefined && subscription.nextLookMs <= nowMs;
  const registers = driver.webhook?.subscriptions !== undefined;
  const mayCall = registers && (isActive || subscription?.wanted === false);
  // Whoever does it says when it is to be looked at again.
  if (isDue && mayCall) await ports.lanes.send(subscriptionJob(connection, connection.connectionId, nowMs), 0);
  const isAged = credential !== undefined && credential.nextLookMs <= nowMs;
  if (isAged && isActive) tell(ports, driver, connection, nowMs);
  if (!isAged && (!isDue || mayCall)) return;
  await changeItem(ports, connection, (current, atMs) => ({
    ...current,
    ...(isAged && current.credential !== undefined && { credential: lookedAt(current.credential, atMs) }),
    ...(isDue &&
      !mayCall &&
      current.subscription !== undefined && {
        subscription: { ...current.subscription, nextLookMs: atMs + inactiveLookMs },
      }),
  }));
}

function tell(ports: LookPorts, driver: PartnerDriver, { connectionId, credential }: Connection, nowMs: number): void {
  const warning = credential === undefined ? null : warningOf(credential, driver.auth, nowMs);
  if (warning === null) return;
  ports.metrics.count("CredentialWarnings", 1, { partner: driver.name, kind: warning });
  ports.metrics.count(credentialAlerts, 1, {});
  ports.log.warn("a connection's credential wants a person", { partner: driver.name, connectionId, warning });
}
