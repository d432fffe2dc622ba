import type { RecordScope } from "../../engine/record.ts";
import { refreshJob } from "../../engine/refresh-job.ts";
import type { ApiPorts, ApiRequest } from "./request.ts";
import { takenOrUnavailable } from "./taken-or-unavailable.ts";

/** The job of one thing takes ids of so many characters, and no longer one was ever written. */
const idCharsMax = 500;
const slotMs = 60_000;

/**
 * Asks the partner's workers to fetch one thing again: the API itself calls no partner. Once a minute a thing, however
 * often it is asked for, as a fetch that finds nothing changed leaves no trace to go by.
 */
export async function askForRefresh(
  ports: ApiPorts,
  request: ApiRequest,
  scope: RecordScope,
  externalId: string,
): Promise<"requested" | "not-possible"> {
  const connection = await ports.connections.read(scope.partner, scope.connectionId);
  if (connection?.status !== "active" || externalId.length > idCharsMax) return "not-possible";
  const nowMs = ports.clock.nowMs();
  const job = refreshJob({ ...scope, externalId, trace: request.requestId }, nowMs);
  const key = `refresh ${scope.connectionId}#${scope.resource}#${externalId}#${Math.floor(nowMs / slotMs)}`;
  const effect = async () => {
    await ports.lanes.send(job, 0);
    return { status: 202, headers: {}, body: "" };
  };
  // In progress, reused, answered: somebody has asked already.
  await takenOrUnavailable(ports, request, ports.once({ key, fingerprint: "refresh" }, effect));
  return "requested";
}
