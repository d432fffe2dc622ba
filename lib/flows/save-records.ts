import { digestOf } from "../engine/canonical.ts";
import type { PartnerDriver, ResourceDriver } from "../engine/define-partner.ts";
import { dataFailure } from "../engine/data-failure.ts";
import { PartnerError } from "../engine/errors.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { Connection, Ports } from "../engine/ports.ts";
import { compareWithMark } from "../engine/record.ts";
import type { RecordCandidate, RecordMark, RecordScope, RecordSource, WriteOutcome } from "../engine/record.ts";
import { parkRecord } from "./park-record.ts";

export interface SaveTarget {
  readonly driver: PartnerDriver;
  readonly connection: Connection;
  readonly resourceName: string;
  readonly resource: ResourceDriver;
  readonly source: RecordSource;
  readonly trace: string;
}

export type SaveCounts = Readonly<Record<WriteOutcome | "parked", number>>;
export type SavePorts = Pick<Ports, "clock" | "records" | "failures" | "metrics">;

const writesAtOnce = 10;
/** The stores look up this many marks a call. */
const marksMax = 100;

/**
 * Takes what a partner sent to records: schema, model, digest, compare, write. One bad thing is parked with its raw
 * form and the others go on. Safe to repeat: writes are conditional on being newer.
 */
export async function saveRecords(
  ports: SavePorts,
  target: SaveTarget,
  raws: readonly unknown[],
  beganMs: number,
): Promise<SaveCounts> {
  const counts = { created: 0, updated: 0, unchanged: 0, stale: 0, deleted: 0, parked: 0 };
  const candidates = new Map<string, RecordCandidate>();
  for (const raw of raws) {
    const read = candidateFrom(target, raw, beganMs);
    if (read.kind === "candidate") {
      // A page that names a thing twice (it moved while we paged) counts it once, with its newest state.
      const former = candidates.get(read.candidate.externalId);
      if (former === undefined || former.order <= read.candidate.order)
        candidates.set(read.candidate.externalId, read.candidate);
    } else {
      await parkRecord(ports, target, read.error, raw, read.externalId);
      counts.parked++;
    }
  }
  const all = [...candidates.values()];
  for (let start = 0; start < all.length; start += marksMax) {
    const outcomes = await writeSome(ports, target, all.slice(start, start + marksMax));
    for (const outcome of outcomes) counts[outcome]++;
  }
  return counts;
}

async function writeSome(
  ports: SavePorts,
  target: SaveTarget,
  candidates: readonly RecordCandidate[],
): Promise<readonly WriteOutcome[]> {
  const scope: RecordScope = {
    partner: target.driver.name,
    connectionId: target.connection.connectionId,
    resource: target.resourceName,
  };
  const marks = await ports.records.marks(
    scope,
    candidates.map((candidate) => candidate.externalId),
  );
  return mapBounded(candidates, writesAtOnce, (candidate) =>
    writeOne(ports, scope, candidate, marks.get(candidate.externalId) ?? null),
  );
}

async function writeOne(
  ports: SavePorts,
  scope: RecordScope,
  candidate: RecordCandidate,
  mark: RecordMark | null,
): Promise<WriteOutcome> {
  const verdict = compareWithMark(candidate, mark);
  return verdict === "write" ? ports.records.write(scope, candidate, mark) : verdict;
}

type Read =
  | { readonly kind: "candidate"; readonly candidate: RecordCandidate }
  | { readonly kind: "bad"; readonly error: PartnerError; readonly externalId: string | null };

/** A driver's own functions may throw on what its schema lets through: that is one bad record, not a worker's end. */
function candidateFrom(target: SaveTarget, raw: unknown, beganMs: number): Read {
  try {
    return readCandidate(target, raw, beganMs);
  } catch (error) {
    const { driver, resource, resourceName } = target;
    const actual = error instanceof Error ? error.name : "something else was thrown";
    const message = `${driver.title}: a ${resourceName} item that fits the schema cannot be mapped (${actual}). Mend the driver's functions; then replay.`;
    const cause = { expected: `a ${resource.model.name}`, actual };
    const bad = new PartnerError({ code: "bad-mapping", kind: "data", partner: driver.name, message, cause });
    return { kind: "bad", error: bad, externalId: idOf(resource, raw) };
  }
}

function readCandidate(target: SaveTarget, raw: unknown, beganMs: number): Read {
  const { driver, resource, resourceName } = target;
  const parsed = resource.schema.safeParse(raw);
  if (!parsed.success) {
    return {
      kind: "bad",
      error: dataFailure(driver, "bad-record", `a ${resourceName} item of the driver's schema`, parsed.error),
      externalId: idOf(resource, raw),
    };
  }
  const externalId = resource.id(parsed.data);
  const order = resource.versionMs?.(parsed.data) ?? beganMs;
  if (!isUsableId(externalId) || !Number.isFinite(order))
    throw new RangeError("an id or a version that cannot be kept");
  if (resource.gone?.(parsed.data) === true)
    return { kind: "candidate", candidate: tombstone(target, externalId, beganMs) };
  const mapped = resource.model.schema.safeParse(resource.toRecord(parsed.data));
  if (!mapped.success) {
    return {
      kind: "bad",
      error: dataFailure(driver, "bad-mapping", `a ${resource.model.name} of the model's schema`, mapped.error),
      externalId,
    };
  }
  // Every model is an object schema; its output is therefore a record of fields.
  const data = mapped.data as Readonly<Record<string, unknown>>;
  return {
    kind: "candidate",
    candidate: {
      externalId,
      model: resource.model.name,
      digest: digestOf(data),
      order,
      deleted: false,
      fetchedAtMs: beganMs,
      source: target.source,
      data,
    },
  };
}

/** The state of a thing that the partner no longer has. */
export function tombstone(target: SaveTarget, externalId: string, beganMs: number): RecordCandidate {
  const { resource, source } = target;
  return {
    externalId,
    model: resource.model.name,
    digest: "deleted",
    order: beganMs,
    deleted: true,
    fetchedAtMs: beganMs,
    source,
    data: {},
  };
}

/** The id of a thing that does not fit its schema, where the driver still finds it: with it the thing can be fetched again. */
function idOf(resource: ResourceDriver, raw: unknown): string | null {
  try {
    const id: unknown = resource.id(raw);
    return isUsableId(id) ? id : null;
  } catch {
    // A driver's `id` reads what its schema promises, and this thing keeps no promise.
    return null;
  }
}

/** DynamoDB takes sort keys of at most 1,024 bytes, and the job that fetches a thing again takes 500 characters. */
function isUsableId(id: unknown): id is string {
  return (
    typeof id === "string" && id.length > 0 && id.length <= 500 && new TextEncoder().encode(id).byteLength <= 1_024
  );
}
