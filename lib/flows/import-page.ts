import { saysGone } from "../engine/classify.ts";
import type { Increment, PartnerDriver, PartnerRequest, ResourceDriver } from "../engine/define-partner.ts";
import { dataFailure } from "../engine/data-failure.ts";
import { PartnerError } from "../engine/errors.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import { pageRequest } from "../engine/page-request.ts";
import { PageShapeError } from "../engine/pages/page-strategy.ts";
import type { PageCall, PageContent, PageStrategy, Span } from "../engine/pages/page-strategy.ts";
import type { Connection, Ports } from "../engine/ports.ts";
import { skewMsMax } from "../engine/record.ts";
import { refreshJob } from "../engine/refresh-job.ts";
import type { Position, Progress, Run } from "../engine/run.ts";
import { callPartner } from "./call-partner.ts";
import type { CallPorts } from "./call-partner.ts";
import { fetchOne } from "./fetch-one.ts";
import type { FullPass } from "./full-pass.ts";
import { fetchRelated } from "./fetch-related.ts";
import type { WorkContext } from "./outcome.ts";
import { parkRecord } from "./park-record.ts";
import { saveRecords } from "./save-records.ts";
import type { SaveCounts, SavePorts, SaveTarget } from "./save-records.ts";

export type ImportPorts = CallPorts & SavePorts & Pick<Ports, "lanes">;

export interface ImportPlace {
  readonly driver: PartnerDriver;
  readonly resource: ResourceDriver;
  readonly connection: Connection;
  readonly run: Run;
  /** Of a full pass. */
  readonly pass: FullPass | null;
}

type Open = Extract<Position, { kind: "open" }>;
export type Stop =
  | { readonly kind: "wait"; readonly untilMs: number; readonly reason: string }
  | { readonly kind: "failed"; readonly error: PartnerError };

/** `progress` is null when nothing was saved, so that there is nothing to check in. */
export type PageOutcome =
  | {
      readonly kind: "moved";
      readonly position: Position;
      readonly progress: Progress;
      /** What the next import of changes starts from, once this one has ended. */
      readonly syncToken?: string;
    }
  | {
      readonly kind: "stopped";
      readonly why: Stop;
      readonly position: Position;
      readonly progress: Progress | null;
      /** The run has to pass over everything from here. */
      readonly mode?: "full";
    };

const fetchesAtOnce = 5;

/** Fetches and saves one page of a run, from the list itself or from the feed that names what changed. */
export async function importPage(
  ports: ImportPorts,
  place: ImportPlace,
  position: Open,
  context: WorkContext,
): Promise<PageOutcome> {
  const feed = feedOf(place);
  const page = feed?.page ?? place.resource.page;
  const result = await callPartner(ports, {
    driver: place.driver,
    connection: place.connection,
    request: requestFor(place, page.request(position.cursor, spanOf(place.run))),
    lane: "imports",
    deadlineMs: context.deadlineMs,
  });
  const again = result.kind === "failed" ? restarted(ports, place, position, result.error) : null;
  if (again !== null) return again;
  if (result.kind !== "ok") return stopped(result, position);
  const content = readPage(place, page, result.body, position);
  if (content instanceof PartnerError) return stopped({ kind: "failed", error: content }, position);
  if (feed !== null) return followFeed(ports, place, feed, content, position, context);
  const fetched = {
    beganMs: result.beganMs,
    lateMsMax: pageLateMsMax,
    ...(place.pass !== null && { known: place.pass.known }),
  };
  const { counts, unclear, seen } = await saveRecords(ports, targetOf(place), content.items, fetched);
  // Before the checkpoint passes them: dying in between, the page comes again and says what is clear by then.
  await fetchAgain(ports, place, unclear);
  place.pass?.see(seen);
  await fetchRelated(ports, targetOf(place), content.items, { lane: "imports", deadlineMs: context.deadlineMs });
  const refused = await acknowledge(ports, place, content, context);
  if (refused !== null) return stopped(refused, position);
  const progress = add(place.run.progress, counts, content, 1);
  const token = content.syncToken === undefined ? {} : { syncToken: content.syncToken };
  const isPassed = content.next === null && place.pass !== null;
  const next = isPassed ? place.pass.afterLastPage(progress.fetched) : after(content);
  return { kind: "moved", position: next, progress, ...token };
}

/** Tells the partner that a page is kept. Refused, the page comes again, which does no harm. */
async function acknowledge(
  ports: ImportPorts,
  { driver, connection }: ImportPlace,
  content: PageContent,
  context: WorkContext,
): Promise<Stop | null> {
  if (content.acknowledge === undefined) return null;
  const { method, path } = content.acknowledge;
  const request = { ...content.acknowledge, query: {}, endpoint: `${method} ${path}` };
  const { deadlineMs } = context;
  const result = await callPartner(ports, { driver, connection, request, lane: "imports", deadlineMs });
  return result.kind === "ok" ? null : result;
}

/** A page that takes longer has met a partner that stalls: what it says has changed is asked for one by one. */
const pageLateMsMax = 10_000;

async function fetchAgain(ports: ImportPorts, place: ImportPlace, externalIds: readonly string[]): Promise<void> {
  const { partner, connectionId, resource, trace } = place.run;
  for (const externalId of externalIds) {
    const job = refreshJob({ partner, connectionId, resource, externalId, trace }, ports.clock.nowMs());
    // Its own lane: this worker may send to no other.
    await ports.lanes.send({ ...job, lane: "imports" }, 2 * skewMsMax);
  }
}

/** A driver's code for "the thing that your cursor names is not there any more". */
const cursorGone = "cursor-gone";

const restartsMax = 5;

/**
 * Passes over everything again when the partner has forgotten the thing or the sync token that a cursor names: what was
 * saved is unchanged then. Null when the error says nothing of that kind, or that was tried often enough.
 */
function restarted(ports: ImportPorts, place: ImportPlace, position: Open, error: PartnerError): PageOutcome | null {
  if (position.cursor === null) return null;
  const isTokenGone = place.resource.increment?.kind === "sync-token" && saysGone(error);
  if (!isTokenGone && error.code !== cursorGone) return null;
  const restarts = (place.run.progress.restarts ?? 0) + 1;
  if (restarts > restartsMax) return null;
  const reason = isTokenGone ? "sync-token-gone" : cursorGone;
  const why: Stop = { kind: "wait", untilMs: ports.clock.nowMs() + 1_000 * 2 ** restarts, reason };
  const progress = { ...place.run.progress, restarts };
  const outcome = { kind: "stopped", why, position: { kind: "open", cursor: null, handled: [] }, progress } as const;
  return isTokenGone ? { ...outcome, mode: "full" } : outcome;
}

function spanOf({ checkpoint }: Run): Span {
  return { sinceMs: checkpoint.sinceMs, untilMs: checkpoint.beganMs };
}

type Feed = Extract<Increment, { kind: "feed" }>;

function feedOf(place: ImportPlace): Feed | null {
  const { increment } = place.resource;
  return place.run.mode === "incremental" && increment?.kind === "feed" ? increment : null;
}

function requestFor(place: ImportPlace, call: PageCall): PartnerRequest {
  const { resource, run } = place;
  const { weight } = resource;
  const feed = feedOf(place);
  const own = feed === null ? resource.query : {};
  const request = pageRequest(feed?.path ?? resource.path, { ...own, ...sinceQuery(resource.increment, run) }, call);
  return weight === undefined ? request : { ...request, weight: weight.page };
}

function sinceQuery(increment: Increment | null, { mode, checkpoint }: Run): Readonly<Record<string, string>> {
  if (mode !== "incremental" || increment === null || checkpoint.sinceMs === null) return {};
  return increment.query(checkpoint.sinceMs);
}

function readPage(place: ImportPlace, page: PageStrategy, body: unknown, position: Open): PageContent | PartnerError {
  try {
    return page.read(body, position.cursor, spanOf(place.run));
  } catch (error) {
    if (!(error instanceof PageShapeError)) throw error;
    const { expected, actual } = error;
    const message = `${place.driver.title}: the ${place.run.resource} list answered with something that is no page: expected ${expected}, got ${actual}. Compare it with the driver's page strategy.`;
    return new PartnerError({
      code: "bad-page",
      kind: "data",
      partner: place.driver.name,
      message,
      cause: { expected, actual },
    });
  }
}

/** Fetches what a feed's page names. Stopped half-way, it keeps the ids that are done, or a slow partner's page would never end. */
async function followFeed(
  ports: ImportPorts,
  place: ImportPlace,
  feed: Feed,
  content: PageContent,
  position: Open,
  context: WorkContext,
): Promise<PageOutcome> {
  const handled = new Set(position.handled);
  const counts = { created: 0, updated: 0, unchanged: 0, stale: 0, deleted: 0, parked: 0 };
  let why: Stop | null = null;
  const ids = touchedIds(place, feed, content);
  if (ids instanceof PartnerError) return stopped({ kind: "failed", error: ids }, position);
  const fresh = ids.filter((id) => !handled.has(id));
  await mapBounded(fresh, fetchesAtOnce, async (id) => {
    if (why !== null) return;
    if (ports.clock.nowMs() >= context.deadlineMs) {
      why = { kind: "wait", untilMs: ports.clock.nowMs(), reason: "time" };
      return;
    }
    const result = await fetchOne(ports, targetOf(place), id, { lane: "imports", deadlineMs: context.deadlineMs });
    if (result.kind === "failed" && (result.error.kind === "client" || result.error.kind === "data")) {
      // One thing that the partner will not give must not hold up all others for as long as it will not.
      await parkRecord(ports, targetOf(place), result.error, null, id);
      handled.add(id);
      counts.parked += 1;
      return;
    }
    if (result.kind !== "saved") {
      why = result;
      return;
    }
    handled.add(id);
    for (const outcome of outcomes) counts[outcome] += result.counts[outcome];
  });
  if (why === null)
    return { kind: "moved", position: after(content), progress: add(place.run.progress, counts, content, 1) };
  if (handled.size === position.handled.length) return stopped(why, position);
  return {
    kind: "stopped",
    why,
    position: { ...position, handled: [...handled] },
    progress: add(place.run.progress, counts, content, 0),
  };
}

const outcomes = ["created", "updated", "unchanged", "stale", "deleted", "parked"] as const;

function touchedIds(place: ImportPlace, feed: Feed, content: PageContent): readonly string[] | PartnerError {
  const ids = new Set<string>();
  for (const item of content.items) {
    const parsed = feed.schema.safeParse(item);
    if (!parsed.success) return dataFailure(place.driver, "bad-feed", `an item of the feed ${feed.path}`, parsed.error);
    for (const id of feed.touches(parsed.data)) ids.add(id);
  }
  return [...ids];
}

export function targetOf(place: Omit<ImportPlace, "pass">): SaveTarget {
  const { driver, connection, resource, run } = place;
  return {
    driver,
    connection,
    resource,
    resourceName: run.resource,
    source: { kind: "run", id: run.runId },
    trace: run.trace,
  };
}

function after(content: PageContent): Position {
  return content.next === null ? { kind: "end" } : { kind: "open", cursor: content.next, handled: [] };
}

function stopped(why: Stop, position: Position): PageOutcome {
  return { kind: "stopped", why, position, progress: null };
}

function add(progress: Progress, counts: SaveCounts, content: PageContent, pages: number): Progress {
  return { ...addCounts(progress, counts), pages: progress.pages + pages, total: content.total ?? progress.total };
}

export function addCounts(progress: Progress, counts: SaveCounts): Progress {
  const fetched = outcomes.reduce((sum, outcome) => sum + counts[outcome], 0);
  return {
    ...progress,
    fetched: progress.fetched + fetched,
    created: progress.created + counts.created,
    updated: progress.updated + counts.updated,
    unchanged: progress.unchanged + counts.unchanged,
    stale: progress.stale + counts.stale,
    deleted: progress.deleted + counts.deleted,
    parked: progress.parked + counts.parked,
  };
}
