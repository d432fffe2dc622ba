import type { PartnerDriver } from "../engine/define-partner.ts";
import { PartnerError } from "../engine/errors.ts";
import type { Job, RefreshWork } from "../engine/job.ts";
import type { Ports } from "../engine/ports.ts";
import type { CallPorts } from "./call-partner.ts";
import { fetchNamed } from "./fetch-named.ts";
import { waitForPerson } from "./held.ts";
import { done } from "./outcome.ts";
import type { Outcome, WorkContext } from "./outcome.ts";
import type { SavePorts } from "./save-records.ts";

/** Fetches one named thing again, with its children: the replay of a parked record. It stays a failure while it still does not fit. */
export async function refreshRecord(
  ports: CallPorts & SavePorts & Pick<Ports, "connections" | "lanes">,
  driver: PartnerDriver,
  job: Job,
  work: RefreshWork,
  context: WorkContext,
): Promise<Outcome> {
  const place = `${work.resource} record`;
  const resource = driver.resources[work.resource];
  const connection = job.connectionId === null ? null : await ports.connections.read(driver.name, job.connectionId);
  const { connectionId } = job;
  if (connection === null && connectionId !== null && (await ports.connections.isGone(driver.name, { connectionId })))
    return done;
  if (resource === undefined || connection === null) {
    const actual = resource === undefined ? `no resource ${work.resource}` : "its connection is removed";
    const message = `${driver.title}: cannot fetch ${work.resource} again, ${actual}. Mend that and replay, or discard the failure.`;
    return {
      kind: "failed",
      place,
      error: new PartnerError({
        code: "nothing-to-refresh",
        kind: "client",
        partner: driver.name,
        message,
        cause: { expected: "a connection and a resource", actual },
      }),
    };
  }
  if (connection.status !== "active") return waitForPerson(connection.status, ports.clock.nowMs());
  const target = {
    driver,
    connection,
    resourceName: work.resource,
    resource,
    source: { kind: "webhook", id: job.id },
    trace: job.trace,
  } as const;
  const limits = { lane: job.lane, deadlineMs: context.deadlineMs, writtenSinceMs: job.createdAtMs };
  const result = await fetchNamed(ports, target, work.externalId, limits);
  if (result.kind === "wait") return result;
  if (result.kind === "failed") return { kind: "failed", error: result.error, place };
  const [refused] = result.refused;
  if (refused !== undefined)
    return { kind: "failed", error: refused.error, place: `${refused.ask.child} of ${refused.ask.parent}` };
  if (result.counts.parked === 0) return done;
  const message = `${driver.title}: the ${work.resource} item still does not fit the driver's schema. Mend the driver; then replay.`;
  return {
    kind: "failed",
    place,
    error: new PartnerError({
      code: "bad-record",
      kind: "data",
      partner: driver.name,
      message,
      cause: { expected: "an item that fits", actual: "one that does not" },
    }),
  };
}
