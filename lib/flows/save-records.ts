import * as z from "zod";
import { digestOf } from "../engine/canonical.ts";
import type { PartnerDriver, ResourceDriver } from "../engine/define-partner.ts";
import { dropFields } from "../engine/drop-fields.ts";
import { dataFailure } from "../engine/data-failure.ts";
import { PartnerError } from "../engine/errors.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { Connection, Ports } from "../engine/ports.ts";
import type { Changed } from "../engine/cascade.ts";
import { compareWithMark, skewMsMax } from "../engine/record.ts";
import type { RecordCandidate, RecordMark, RecordScope, RecordSource, WriteOutcome } from "../engine/record.ts";
import type { KnownDigests, Sifted } from "./known-digests.ts";
import { parkRecord } from "./park-record.ts";
import type { DriftWatch } from "./watch-drift.ts";

export interface SaveTarget {
  readonly driver: PartnerDriver;
  readonly connection: Connection;
  readonly resourceName: string;
  readonly resource: ResourceDriver;
  readonly source: RecordSource;
  readonly trace: string;
}

export type SaveCounts = Readonly<Record<Exclude<WriteOutcome, "unclear"> | "parked", number>>;
export type SavePorts = Pick<Ports, "clock" | "records" | "failures" | "metrics"> & {
  /** Told of what comes in a run. */
  readonly drift?: DriftWatch;
};

export interface Saved {
  /** What is unclear counts as stale. */
  readonly counts: SaveCounts;
  /** Ids of what has to be fetched again: nothing says whether what came is newer than what is stored. */
  readonly unclear: readonly string[];
  /** What was written now, or was found as something wrote it since `writtenSinceMs`. */
  readonly changed: readonly Changed[];
  /** Ids of all that came, what was parked included where it has one. */
  readonly seen: readonly string[];
}

/** The call that brought what is saved. */
export interface Fetched {
  readonly beganMs: number;
  /**
   * A change that comes later than this after its fetch began is fetched again, where only our fetches order states: the
   * thing may have become what we have again meanwhile, and a fetch that finds nothing changed leaves no trace.
   */
  readonly lateMsMax: number;
  /** A state that stands unchanged and was written since then counts as changed: by a worker, perhaps, that died of it. */
  readonly writtenSinceMs?: number;
  /** Of a pass over everything: what the digests index says, so that what stands still is not read. */
  readonly known?: KnownDigests;
}

export const noCounts: SaveCounts = { created: 0, updated: 0, unchanged: 0, stale: 0, deleted: 0, parked: 0 };

export const outcomes = ["created", "updated", "unchanged", "stale", "deleted", "parked"] as const;

export function plusCounts(former: SaveCounts, more: SaveCounts): SaveCounts {
  const sums = { ...noCounts };
  for (const outcome of outcomes) sums[outcome] = former[outcome] + more[outcome];
  return sums;
}

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
  fetched: Fetched,
): Promise<Saved> {
  const refused: PartnerError[] = [];
  const bad: string[] = [];
  const candidates = new Map<string, RecordCandidate>();
  for (const raw of raws) {
    const read = candidateFrom(target, raw, fetched.beganMs);
    if (read.kind === "candidate") {
      // A page that names a thing twice (it moved while we paged) counts it once, with its newest state.
      const former = candidates.get(read.candidate.externalId);
      if (former === undefined || former.order <= read.candidate.order)
        candidates.set(read.candidate.externalId, read.candidate);
    } else {
      await parkRecord(ports, target, read.error, raw, read.externalId);
      if (read.externalId !== null) bad.push(read.externalId);
      refused.push(read.error);
    }
  }
  ports.drift?.look(target.resourceName, raws, refused);
  const saved = await saveCandidates(ports, target, [...candidates.values()], fetched);
  return { ...saved, counts: { ...saved.counts, parked: refused.length }, seen: [...candidates.keys(), ...bad] };
}

/** The partner has the thing no more: a tombstone, if nothing newer is known. */
export async function saveGone(
  ports: SavePorts,
  target: SaveTarget,
  externalId: string,
  fetched: Pick<Fetched, "beganMs" | "writtenSinceMs">,
): Promise<Omit<Saved, "seen">> {
  return saveCandidates(ports, target, [tombstone(target, externalId, fetched.beganMs)], {
    ...fetched,
    lateMsMax: Number.POSITIVE_INFINITY,
  });
}

async function saveCandidates(
  ports: SavePorts,
  target: SaveTarget,
  candidates: readonly RecordCandidate[],
  fetched: Fetched,
): Promise<Omit<Saved, "seen">> {
  const { unchanged, absent, open } = (await fetched.known?.sift(candidates)) ?? noneKnown(candidates);
  const scope: RecordScope = {
    partner: target.driver.name,
    connectionId: target.connection.connectionId,
    resource: target.resourceName,
  };
  const counts = { ...noCounts, unchanged: unchanged.length };
  const unclear: string[] = [];
  const changed: Changed[] = [];
  const note = (candidate: RecordCandidate, mark: RecordMark | null, outcome: WriteOutcome): void => {
    counts[outcome === "unclear" ? "stale" : outcome]++;
    if (outcome === "unclear") unclear.push(candidate.externalId);
    const { externalId, deleted } = candidate;
    if (isChanged(outcome, mark, fetched)) changed.push({ externalId, deleted });
  };
  const write = async (candidate: RecordCandidate, mark: RecordMark | null): Promise<void> =>
    note(candidate, mark, await writeOne(ports, scope, candidate, mark, fetched.lateMsMax));
  await mapBounded(absent, writesAtOnce, (candidate) => write(candidate, null));
  for (let start = 0; start < open.length; start += marksMax) {
    const some = open.slice(start, start + marksMax);
    const marks = await ports.records.marks(
      scope,
      some.map((candidate) => candidate.externalId),
    );
    await mapBounded(some, writesAtOnce, (candidate) => write(candidate, marks.get(candidate.externalId) ?? null));
  }
  return { counts, unclear, changed };
}

function isChanged(outcome: WriteOutcome, mark: RecordMark | null, { writtenSinceMs }: Fetched): boolean {
  if (outcome !== "unchanged") return outcome === "created" || outcome === "updated" || outcome === "deleted";
  // Unchanged without a mark: somebody wrote it between our look and our write.
  return writtenSinceMs !== undefined && (mark === null || mark.writtenAtMs >= writtenSinceMs - skewMsMax);
}

function noneKnown(open: readonly RecordCandidate[]): Sifted {
  return { unchanged: [], absent: [], open };
}

async function writeOne(
  ports: SavePorts,
  scope: RecordScope,
  candidate: RecordCandidate,
  mark: RecordMark | null,
  lateMsMax: number,
): Promise<WriteOutcome> {
  const verdict = compareWithMark(candidate, mark);
  if (verdict !== "write" && verdict !== "advance") return verdict;
  const isLate = ports.clock.nowMs() - candidate.fetchedAtMs > lateMsMax;
  if (mark !== null && candidate.orderedBy === "fetch" && isLate) return "unclear";
  return ports.records.write(scope, candidate, mark);
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
  const version = resource.version?.(parsed.data);
  const ordered = version === undefined ? byFetch(beganMs) : { order: version, orderedBy: "version" as const };
  if (!isUsableId(externalId) || !Number.isFinite(ordered.order))
    throw new RangeError("an id or a version that cannot be kept");
  if (resource.gone?.(parsed.data) === true)
    return { kind: "candidate", candidate: { ...tombstone(target, externalId, beganMs), ...ordered } };
  const mapped = resource.model.schema.safeParse(withoutDropped(resource, resource.toRecord(parsed.data)));
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
      ...ordered,
      deleted: false,
      fetchedAtMs: beganMs,
      source: target.source,
      data,
    },
  };
}

/** Before the digest is taken: what is not kept cannot change. */
function withoutDropped({ drop = [] }: ResourceDriver, record: unknown): unknown {
  const extra = FieldsOf.safeParse(record);
  return drop.length === 0 || !extra.success ? record : { ...extra.data, extra: dropFields(extra.data.extra, drop) };
}

const Fields = z.record(z.string(), z.unknown());
const FieldsOf = z.looseObject({ extra: Fields });

function byFetch(beganMs: number): Pick<RecordCandidate, "order" | "orderedBy"> {
  return { order: beganMs, orderedBy: "fetch" };
}

/** The state of a thing that the partner no longer has: a 404 has no version, only the time it was seen. */
function tombstone(target: SaveTarget, externalId: string, beganMs: number): RecordCandidate {
  const { resource, source } = target;
  return {
    externalId,
    model: resource.model.name,
    digest: "deleted",
    ...byFetch(beganMs),
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
