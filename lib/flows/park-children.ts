import type { Ask } from "../engine/cascade.ts";
import type { PartnerError } from "../engine/errors.ts";
import { fingerprintOf } from "../engine/fingerprint.ts";
import type { Ports } from "../engine/ports.ts";
import { refreshJob } from "../engine/refresh-job.ts";
import type { SaveTarget } from "./save-records.ts";

/** Keeps aside that the children of one parent could not be had; a replay fetches the parent again, and its children with it. */
export async function parkChildren(
  ports: Pick<Ports, "clock" | "failures" | "metrics">,
  { driver, connection, trace }: SaveTarget,
  { parent, child, parentIds }: Ask,
  error: PartnerError,
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const whose = { partner: driver.name, connectionId: connection.connectionId };
  const externalId = parentIds[0] ?? "";
  const { code, kind, message } = error;
  const place = `${child} of ${parent}`;
  const call = error.cause.call === undefined ? null : `${error.cause.call} → ${error.cause.actual}`.slice(0, 1024);
  await ports.failures.record({
    ...whose,
    failureId: `children-${child}-${parent}-${externalId}`,
    fingerprint: fingerprintOf([driver.name, kind, place, code, error.cause.actual]),
    status: "open",
    job: refreshJob({ ...whose, resource: parent, externalId, trace }, nowMs),
    raw: null,
    why: { code, kind, place, message, call, atMs: nowMs },
    firstSeenAtMs: nowMs,
    lastSeenAtMs: nowMs,
    seen: 1,
    replays: 0,
  });
  ports.metrics.count("ChildrenParked", 1, { partner: driver.name });
}
