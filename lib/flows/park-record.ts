import { fingerprintOf } from "../engine/fingerprint.ts";
import type { PartnerError } from "../engine/errors.ts";
import type { Ports } from "../engine/ports.ts";
import { dropFields } from "../engine/drop-fields.ts";
import { redact, redactText } from "../engine/redact.ts";
import { refreshJob } from "../engine/refresh-job.ts";
import type { SaveTarget } from "./save-records.ts";

const rawCharsMax = 1024;

/** How the ids of a resource's parked records begin. */
export function parkedPrefix(resourceName: string): string {
  return `record-${resourceName}-`;
}

/** Keeps one bad record aside as a data failure, so that the page it came in goes on; a replay fetches it again by its id. */
export async function parkRecord(
  ports: Pick<Ports, "clock" | "failures" | "metrics">,
  target: SaveTarget,
  error: PartnerError,
  raw: unknown,
  externalId: string | null,
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const { driver, connection, resourceName } = target;
  const whose = { partner: driver.name, connectionId: connection.connectionId };
  const why = {
    code: error.code,
    kind: error.kind,
    place: `${resourceName} record`,
    message: error.message,
    call: null,
    atMs: nowMs,
  };
  await ports.failures.record({
    ...whose,
    failureId: `${parkedPrefix(resourceName)}${externalId ?? fingerprintOf([error.cause.actual, JSON.stringify(raw) ?? ""])}`,
    fingerprint: fingerprintOf([driver.name, why.kind, why.place, why.code, error.cause.actual]),
    status: "open",
    job:
      externalId === null
        ? null
        : refreshJob({ ...whose, resource: resourceName, externalId, trace: target.trace }, nowMs),
    raw:
      raw === null
        ? null
        : redactText(JSON.stringify(redact(withoutDropped(target.resource, raw))) ?? "").slice(0, rawCharsMax),
    why,
    firstSeenAtMs: nowMs,
    lastSeenAtMs: nowMs,
    seen: 1,
    replays: 0,
  });
  ports.metrics.count("RecordsParked", 1, { partner: driver.name });
}

/** As the partner sends it, a thing has its fields where its record has them under `extra`. */
function withoutDropped({ drop = [] }: SaveTarget["resource"], raw: unknown): unknown {
  const isThing = typeof raw === "object" && raw !== null && !Array.isArray(raw);
  return isThing ? dropFields(Object.fromEntries(Object.entries(raw)), drop) : raw;
}
