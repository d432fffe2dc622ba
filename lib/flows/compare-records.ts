import { comparisonName, readComparison, withOutcome } from "../engine/comparison.ts";
import type { Compared, Comparison } from "../engine/comparison.ts";
import type { PartnerDriver } from "../engine/define-partner.ts";
import type { CompareWork, Job } from "../engine/job.ts";
import type { Note, Ports } from "../engine/ports.ts";
import { refreshJob } from "../engine/refresh-job.ts";
import type { CallPorts } from "./call-partner.ts";
import { fetchOne } from "./fetch-one.ts";
import { waitForPerson } from "./held.ts";
import { done } from "./outcome.ts";
import type { Outcome, WorkContext } from "./outcome.ts";
import { sampleRecords } from "./sample-records.ts";
import type { SavePorts, SaveTarget } from "./save-records.ts";

export type ComparePorts = CallPorts & SavePorts & Pick<Ports, "connections" | "lanes" | "random">;

interface Stored {
  readonly note: Note;
  readonly comparison: Comparison;
}

/**
 * Fetches a sample of records by their ids and says of each whether the partner has what we have; what differs is saved as
 * ever. The result of each thing is stored before the next is fetched: dying in between, the message comes back and goes on
 * from there, and a thing that is fetched twice is told once.
 */
export async function compareRecords(
  ports: ComparePorts,
  driver: PartnerDriver,
  job: Job,
  work: CompareWork,
  context: WorkContext,
): Promise<Outcome> {
  const resource = driver.resources[work.resource];
  const { connectionId } = job;
  const connection = connectionId === null ? null : await ports.connections.read(driver.name, connectionId);
  // Nobody is left to tell.
  if (resource === undefined || connection === null) return done;
  if (connection.status !== "active") return waitForPerson(connection.status, ports.clock.nowMs());
  const source = { kind: "webhook", id: job.id } as const;
  const target = { driver, connection, resourceName: work.resource, resource, source, trace: job.trace };
  let stored = await sampled(ports, target, work.comparisonId);
  for (;;) {
    const next = stored?.comparison.things?.find(({ outcome }) => outcome === null);
    // Over, or asked for anew, or another worker has taken it over.
    if (stored === null || next === undefined) return done;
    if (ports.clock.nowMs() >= context.deadlineMs)
      return { kind: "wait", untilMs: ports.clock.nowMs(), reason: "time" };
    const compared = await compareOne(ports, target, next.externalId, { job, context });
    if (typeof compared !== "string") return compared;
    const nowMs = ports.clock.nowMs();
    if (compared === "different" && (resource.children ?? []).length > 0)
      await fetchChildrenToo(ports, job, next.externalId);
    stored = await store(ports, stored.note, withOutcome(stored.comparison, next.externalId, compared, nowMs));
    const isMended = compared === "different" || compared === "gone";
    if (stored !== null && isMended) ports.metrics.count("CompareMended", 1, { partner: driver.name });
  }
}

/** The comparison with its sample taken; null where it is not the one that is asked for now. */
async function sampled(ports: ComparePorts, target: SaveTarget, comparisonId: string): Promise<Stored | null> {
  const { driver, connection, resourceName } = target;
  const { connectionId } = connection;
  const note = await ports.connections.readNote(driver.name, connectionId, comparisonName(resourceName));
  const comparison = note === null ? null : readComparison(note.body);
  if (note === null || comparison?.id !== comparisonId) return null;
  if (comparison.things !== null) return { note, comparison };
  const scope = { partner: driver.name, connectionId, resource: resourceName };
  const ids = await sampleRecords(ports, scope, comparison.sample);
  const things = ids.map((externalId) => ({ externalId, outcome: null }));
  return store(ports, note, { ...comparison, things, updatedAtMs: ports.clock.nowMs() });
}

async function store(ports: ComparePorts, note: Note, comparison: Comparison): Promise<Stored | null> {
  const next = { ...note, revision: note.revision + 1, body: comparison };
  return (await ports.connections.writeNote(next)) === "superseded" ? null : { note: next, comparison };
}

/** Of a thing that had changed unseen, its children had too, perhaps: all of it is fetched once more. */
async function fetchChildrenToo(ports: ComparePorts, job: Job, externalId: string): Promise<void> {
  if (job.connectionId === null || job.work.kind !== "compare") return;
  const { partner, connectionId, trace } = job;
  const { resource } = job.work;
  const refresh = refreshJob({ partner, connectionId, resource, externalId, trace }, ports.clock.nowMs());
  await ports.lanes.send({ ...refresh, lane: job.lane }, 0);
}

async function compareOne(
  ports: ComparePorts,
  target: SaveTarget,
  externalId: string,
  { job, context }: { readonly job: Job; readonly context: WorkContext },
): Promise<Compared | Outcome> {
  const { driver, connection, resourceName } = target;
  const scope = { partner: driver.name, connectionId: connection.connectionId, resource: resourceName };
  const result = await fetchOne(ports, target, externalId, { lane: job.lane, deadlineMs: context.deadlineMs });
  if (result.kind === "wait") return result;
  if (result.kind === "failed") {
    const isOfThing = result.error.kind === "client" || result.error.kind === "data";
    return isOfThing ? "refused" : { kind: "failed", error: result.error, place: `${resourceName} comparison` };
  }
  const { counts } = result;
  if (counts.parked > 0) return "unfit";
  if (counts.deleted > 0) return "gone";
  if (counts.created + counts.updated > 0) return "different";
  // A worker that died after it had saved the thing left it with this comparison as its source.
  const record = await ports.records.read(scope, externalId);
  if (record?.source.id !== job.id) return "same";
  return record.deleted ? "gone" : "different";
}
