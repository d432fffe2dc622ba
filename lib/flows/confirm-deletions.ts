import { isExpected, judgeMissing, seenBits } from "../engine/deletions.ts";
import type { SeenSet } from "../engine/deletions.ts";
import { fingerprintOf } from "../engine/fingerprint.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import { nudgeFor } from "../engine/nudge.ts";
import type { Ports } from "../engine/ports.ts";
import type { RecordMark, RecordScope } from "../engine/record.ts";
import type { Position, Run, Sweep } from "../engine/run.ts";
import { fetchAgain } from "./fetch-again.ts";
import { fetchOne } from "./fetch-one.ts";
import { readSeen } from "./full-pass.ts";
import { addCounts } from "./import-page.ts";
import type { ImportPorts } from "./import-page.ts";
import { targetOf } from "./import-place.ts";
import type { ImportPlace, PageOutcome } from "./import-place.ts";
import type { Stop, WorkContext } from "./outcome.ts";
import { parkRecord } from "./park-record.ts";
import { noCounts } from "./save-records.ts";

type SweepPlace = Omit<ImportPlace, "pass">;
export type SweepPorts = ImportPorts & Pick<Ports, "runs" | "log">;

const marksAtOnce = 1_000;
const fetchesAtOnce = 5;
/** Two megabytes' worth of what was seen at once. */
const seenMax = 262_144;

/**
 * Walks the records' index for what a full pass did not see: first counts it, then has the partner confirm each by a fetch.
 * What is there after all is saved; what is gone leaves a tombstone, if nothing newer came meanwhile. Too many are held
 * for a person, who approves by replaying. Goes on where a former worker stopped, and stops when the time is up.
 */
export async function confirmDeletions(
  ports: SweepPorts,
  place: SweepPlace,
  sweep: Sweep,
  context: WorkContext,
): Promise<PageOutcome> {
  const { run } = place;
  const parts = Math.max(1, Math.ceil(sweep.fetched / seenMax));
  // Read when something is expected at all: in a first import nothing is.
  let seen: SeenSet | null = null;
  let { after, expected, missing } = sweep;
  let { progress } = run;
  while (ports.clock.nowMs() < context.deadlineMs) {
    const { marks, next } = await ports.records.digests(scopeOf(run), after, marksAtOnce);
    const due = marks.filter((mark) => isExpected(mark, run.checkpoint.beganMs));
    if (due.length > 0) seen ??= await readSeen(ports, run, { part: sweep.part, parts });
    const unseen = due.filter((mark) => isMissing(run, mark, seen, { part: sweep.part, parts }));
    if (sweep.step === "count") {
      missing += unseen.length;
      // Every part walks the whole index; what there is in all is counted once.
      if (sweep.part === 0) expected += due.length;
    } else {
      const confirmed = await confirmEach(ports, { ...place, run: { ...run, progress } }, unseen, context);
      progress = confirmed.progress;
      if (confirmed.why !== null)
        return {
          kind: "stopped",
          why: confirmed.why,
          position: { ...sweep, after: confirmed.passed ?? after },
          progress,
        };
    }
    const at = { ...sweep, after: next, expected, missing };
    if (next === null) return { kind: "moved", position: await afterPart(ports, place, at, parts), progress };
    after = next;
  }
  return { kind: "moved", position: { ...sweep, after, expected, missing }, progress };
}

function scopeOf({ partner, connectionId, resource }: Run): RecordScope {
  return { partner, connectionId, resource };
}

function isMissing(
  run: Run,
  mark: RecordMark,
  seen: SeenSet | null,
  { part, parts }: { readonly part: number; readonly parts: number },
): boolean {
  const bits = seenBits(run.runId, mark.externalId);
  return bits % parts === part && seen?.has(bits) !== true;
}

/** The next part, the next step, or the end. */
async function afterPart(ports: SweepPorts, place: SweepPlace, at: Sweep, parts: number): Promise<Position> {
  const { run } = place;
  if (at.part + 1 < parts) return { ...at, part: at.part + 1, after: null };
  if (at.step === "confirm") return { kind: "end" };
  const verdict = judgeMissing(at);
  if (verdict === "none") return { kind: "end" };
  // Whoever replays what was held has looked at it: this is the pass that was approved.
  if (verdict === "confirm" || run.replayOf === heldId(run)) return { ...at, step: "confirm", part: 0, after: null };
  await hold(ports, place, at);
  return { kind: "end" };
}

function heldId({ resource }: Run): string {
  return `deletions-${resource}`;
}

async function hold(
  ports: SweepPorts,
  { driver, run }: SweepPlace,
  { fetched, expected, missing }: Sweep,
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const why = {
    code: "deletions-held",
    kind: "data" as const,
    place: `${run.resource} deletions`,
    message: `${driver.title}: a full pass of ${run.resource} saw ${fetched} things and missed ${missing} of the ${expected} that were known. Nothing was deleted. Look at the partner; replay this to delete what is really gone, or discard it to keep everything.`,
    call: null,
    atMs: nowMs,
  };
  ports.metrics.count("DeletionsHeld", missing, { partner: driver.name });
  ports.log.warn("a full pass missed too much to delete it", {
    runId: run.runId,
    partner: driver.name,
    expected,
    missing,
  });
  await ports.failures.record({
    partner: run.partner,
    connectionId: run.connectionId,
    failureId: heldId(run),
    fingerprint: fingerprintOf([driver.name, why.kind, why.place, why.code]),
    status: "open",
    job: nudgeFor(run, nowMs),
    raw: null,
    why,
    firstSeenAtMs: nowMs,
    lastSeenAtMs: nowMs,
    seen: 1,
    replays: 0,
  });
}

interface Confirmed {
  readonly why: Stop | null;
  readonly progress: Run["progress"];
  /** Everything up to this id has been asked for: stopped here, the next turn goes on behind it. What is there would be missed again. */
  readonly passed: string | null;
}

/** Asks for each missing thing; one that the partner will not give is parked and holds up no others. */
async function confirmEach(
  ports: SweepPorts,
  place: SweepPlace,
  missing: readonly RecordMark[],
  context: WorkContext,
): Promise<Confirmed> {
  const target = targetOf(place);
  const left = new Set(missing.map(({ externalId }) => externalId));
  let why: Stop | null = null;
  let progress = place.run.progress;
  await mapBounded(missing, fetchesAtOnce, async ({ externalId }) => {
    if (why !== null) return;
    if (ports.clock.nowMs() >= context.deadlineMs) {
      why = { kind: "wait", untilMs: ports.clock.nowMs(), reason: "time" };
      return;
    }
    const result = await fetchOne(ports, target, externalId, { lane: "imports", deadlineMs: context.deadlineMs });
    if (result.kind === "failed" && (result.error.kind === "client" || result.error.kind === "data")) {
      await parkRecord(ports, target, result.error, null, externalId);
      progress = addCounts(progress, { ...noCounts, parked: 1 });
    } else if (result.kind === "saved") {
      progress = addCounts(progress, result.counts);
      const hasChildren = result.changed.length > 0 && place.resource.children !== undefined;
      if (hasChildren) await fetchAgain(ports, target, [externalId], "imports");
    } else {
      why = result;
      return;
    }
    left.delete(externalId);
  });
  const firstLeft = missing.findIndex(({ externalId }) => left.has(externalId));
  return { why, progress, passed: missing[firstLeft - 1]?.externalId ?? null };
}
