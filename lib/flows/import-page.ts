import type { Changed } from "../engine/cascade.ts";
import { saysGone } from "../engine/classify.ts";
import type { Increment, PartnerRequest } from "../engine/define-partner.ts";
import { dataFailure } from "../engine/data-failure.ts";
import { PartnerError } from "../engine/errors.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import { pageRequest } from "../engine/page-request.ts";
import type { PageCall, PageContent, Span } from "../engine/pages/page-strategy.ts";
import type { Ports } from "../engine/ports.ts";
import { isKeepable } from "../engine/run.ts";
import type { FeedPage, PagePosition, Position, Progress, Run } from "../engine/run.ts";
import { acknowledge } from "./acknowledge.ts";
import { callPartner } from "./call-partner.ts";
import type { CallPorts } from "./call-partner.ts";
import { cascadeTo, progressAt } from "./cascade.ts";
import { fetchAgain } from "./fetch-again.ts";
import { fetchOne } from "./fetch-one.ts";
import { fetchRelated } from "./fetch-related.ts";
import { targetOf } from "./import-place.ts";
import type { ImportPlace, PageOutcome } from "./import-place.ts";
import type { Stop, WorkContext } from "./outcome.ts";
import { parkRecord } from "./park-record.ts";
import { readPage } from "./read-page.ts";
import { noCounts, outcomes, plusCounts, saveRecords } from "./save-records.ts";
import type { SaveCounts, SavePorts } from "./save-records.ts";

export type ImportPorts = CallPorts & SavePorts & Pick<Ports, "lanes">;

type Open = Extract<Position, { kind: "open" }>;
const fetchesAtOnce = 5;

/** Fetches and saves one page of a run, from the list itself or from the feed that names what changed. */
export async function importPage(
  ports: ImportPorts,
  place: ImportPlace,
  position: Open,
  context: WorkContext,
): Promise<PageOutcome> {
  const feed = feedOf(place);
  // A page of the feed that a former worker read is not read again: its call would be one thing's less.
  if (feed !== null && position.feedPage !== undefined)
    return followFeed(ports, place, position.feedPage, position, context);
  const page = feed?.page ?? place.resource.page;
  const result = await callPartner(ports, {
    driver: place.driver,
    connection: place.connection,
    request: requestFor(place, page.request(position.cursor, spanOf(place.run))),
    lane: "imports",
    deadlineMs: context.deadlineMs,
    tokens: place.tokens,
  });
  const again = result.kind === "failed" ? restarted(ports, place, position, result.error) : null;
  if (again !== null) return again;
  if (result.kind !== "ok") return stopped(result, position);
  const answer = { body: result.body, cursor: position.cursor, span: spanOf(place.run) };
  const content = readPage(place.driver, place.run.resource, page, answer);
  if (content instanceof PartnerError) return stopped({ kind: "failed", error: content }, position);
  if (feed !== null) {
    const feedPage = feedPageOf(place, feed, content, position);
    if (feedPage instanceof PartnerError) return stopped({ kind: "failed", error: feedPage }, position);
    return followFeed(ports, place, feedPage, position, context);
  }
  const fetched = {
    beganMs: result.beganMs,
    lateMsMax: pageLateMsMax,
    writtenSinceMs: place.run.startedAtMs,
    ...(place.pass !== null && { known: place.pass.known }),
  };
  const { counts, unclear, seen, changed } = await saveRecords(ports, targetOf(place), content.items, fetched);
  // Before the checkpoint passes them: dying in between, the page comes again and says what is clear by then.
  await fetchAgain(ports, targetOf(place), unclear, "imports");
  place.pass?.see(seen);
  const related = { lane: "imports", deadlineMs: context.deadlineMs, heeding: place.tokens } as const;
  await fetchRelated(ports, targetOf(place), content.items, related);
  const progress = add(place.run.progress, counts, content, 1);
  const token = content.syncToken === undefined ? {} : { syncToken: content.syncToken };
  const isPassed = content.next === null && place.pass !== null;
  const after = isPassed ? place.pass.afterLastPage(progress.fetched) : nextOf(content);
  const next = cascadeTo(place, after, changed, content.acknowledge ?? null);
  // A page with children is acknowledged when they are kept too.
  const refused =
    next.kind === "cascade" ? null : await acknowledge(ports, place, content.acknowledge ?? null, context);
  if (refused !== null) return stopped(refused, position);
  return { kind: "moved", position: next, progress: progressAt(progress, next), ...token };
}

/** A page that takes longer has met a partner that stalls: what it says has changed is asked for one by one. */
const pageLateMsMax = 10_000;

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

/**
 * Fetches what a feed's page names. Stopped half-way, it keeps the ids that are left: under a limit of which there is one
 * call a turn, each turn's is a thing then, and not the page once more.
 */
async function followFeed(
  ports: ImportPorts,
  place: ImportPlace,
  feedPage: FeedPage,
  position: Open,
  context: WorkContext,
): Promise<PageOutcome> {
  const handled = new Set<string>();
  const counts = { ...noCounts };
  const changed: Changed[] = [];
  let why: Stop | null = null;
  await mapBounded(feedPage.ids, fetchesAtOnce, async (id) => {
    if (why !== null) return;
    if (ports.clock.nowMs() >= context.deadlineMs) {
      why = { kind: "wait", untilMs: ports.clock.nowMs(), reason: "time" };
      return;
    }
    const limits = {
      lane: "imports",
      deadlineMs: context.deadlineMs,
      heeding: place.tokens,
      writtenSinceMs: place.run.startedAtMs,
    } as const;
    const result = await fetchOne(ports, targetOf(place), id, limits);
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
    changed.push(...result.changed);
    for (const outcome of outcomes) counts[outcome] += result.counts[outcome];
  });
  const isWhole = why === null;
  const rest = restOf(position, feedPage, handled);
  const next = cascadeTo(place, isWhole ? nextOf(feedPage) : rest, changed);
  const progress = progressAt(add(place.run.progress, counts, feedPage, isWhole ? 1 : 0), next);
  if (why === null) return { kind: "moved", position: next, progress };
  // To have read the page is something, where what it named is kept.
  const isFurther = handled.size > 0 || (rest.feedPage !== undefined && position.feedPage === undefined);
  return isFurther ? { kind: "stopped", why, position: next, progress } : stopped(why, position);
}

/** What is left of a page that was stopped; where that is too much to keep, the page is read again for it. */
function restOf({ cursor, handled }: Open, feedPage: FeedPage, now: ReadonlySet<string>): Open {
  const rest = { ...feedPage, ids: feedPage.ids.filter((id) => !now.has(id)) };
  if (isKeepable(rest)) return { kind: "open", cursor, handled: [], feedPage: rest };
  return { kind: "open", cursor, handled: [...handled, ...now] };
}

function feedPageOf(place: ImportPlace, feed: Feed, content: PageContent, { handled }: Open): FeedPage | PartnerError {
  const ids = new Set<string>();
  for (const item of content.items) {
    const parsed = feed.schema.safeParse(item);
    if (!parsed.success) return dataFailure(place.driver, "bad-feed", `an item of the feed ${feed.path}`, parsed.error);
    for (const id of feed.touches(parsed.data)) ids.add(id);
  }
  for (const id of handled) ids.delete(id);
  return { ids: [...ids], next: content.next, total: content.total };
}

function nextOf({ next }: Pick<PageContent, "next">): PagePosition {
  return next === null ? { kind: "end" } : { kind: "open", cursor: next, handled: [] };
}

function stopped(why: Stop, position: Position): PageOutcome {
  return { kind: "stopped", why, position, progress: null };
}

function add(progress: Progress, counts: SaveCounts, page: Pick<PageContent, "total">, pages: number): Progress {
  return { ...addCounts(progress, counts), pages: progress.pages + pages, total: page.total ?? progress.total };
}

export function addCounts(progress: Progress, counts: SaveCounts): Progress {
  const fetched = outcomes.reduce((sum, outcome) => sum + counts[outcome], 0);
  return { ...progress, ...plusCounts(progress, counts), fetched: progress.fetched + fetched };
}
