import type { Position, Run } from "../../../lib/engine/run.ts";
import { resourceName } from "../partner/driver.ts";
import type { SeenThing } from "../world/events.ts";
import type { InvariantOf } from "./invariant.ts";

interface SeenPage {
  readonly place: string;
  readonly things: readonly SeenThing[];
}

/** A run's checkpoint passes a page only when everything on it is in the records, or parked. */
export const cursorsStayBehind: InvariantOf = (world, broken) => {
  /** What a worker has seen of a connection's pages since it last stored where it is. */
  const seen = new Map<string, readonly SeenPage[]>();
  /** The page of a feed that a run goes on with, by whichever worker it was seen. */
  const kept = new Map<string, readonly SeenPage[]>();
  return {
    observe(event) {
      if (event.kind === "page-delivered") {
        const key = `${event.worker} ${event.connectionId}`;
        seen.set(key, [...(seen.get(key) ?? []), { place: placeInUrl(event.url), things: event.things }]);
      }
      if (event.kind !== "run-stored" || event.before === null) return;
      const { before, after, by } = event;
      const key = `${by} ${after.connectionId}`;
      const isTaken = after.lease !== null && before.lease?.owner !== after.lease.owner;
      if (isTaken) seen.delete(key);
      const place = placeOf(after.checkpoint.position);
      const runKey = `${after.connectionId} ${after.runId}`;
      const all = [...new Set([...(kept.get(runKey) ?? []), ...(seen.get(key) ?? [])])];
      kept.set(runKey, keepsPage(after.checkpoint.position) ? all.filter((page) => page.place === place) : []);
      const isRestarted = (after.progress.restarts ?? 0) > (before.progress.restarts ?? 0);
      if (isRestarted || placeOf(before.checkpoint.position) === place) return;
      world.ground.coverage.count("checkpoint moved");
      const pages = all.filter((page) => page.place !== place);
      if (pages.length === 0) broken(`run ${after.runId} of ${after.partner} went on without having seen a page`);
      checkSaved(after, pages);
      seen.delete(key);
    },
  };

  function checkSaved({ partner, connectionId, runId }: Run, pages: readonly SeenPage[]): void {
    const parked = new Set(world.stores.failures.all().map(({ failureId }) => failureId));
    const known = new Set(
      world.stores.records
        .all()
        .filter((record) => record.partner === partner && record.connectionId === connectionId)
        .map((record) => record.externalId),
    );
    for (const { externalId } of pages.flatMap(({ things }) => things)) {
      if (known.has(externalId) || parked.has(`record-${resourceName}-${externalId}`)) continue;
      broken(`run ${runId} of ${partner} went past ${externalId}, which is neither in the records nor parked`);
    }
  }
};

function keepsPage(position: Position): boolean {
  if (position.kind === "cascade") return keepsPage(position.next);
  return position.kind === "open" && position.feedPage !== undefined;
}

/** Where among its pages a run is, in the words of the partner's own query. */
function placeOf(position: Position): string {
  if (position.kind === "cascade") return placeOf(position.next);
  if (position.kind !== "open") return "end";
  const { skip, after, url } = position.cursor ?? {};
  if (typeof url === "string") return placeInUrl(url);
  if (typeof after === "string") return `after ${after}`;
  return `skip ${skip ?? 0}`;
}

function placeInUrl(url: string): string {
  const { searchParams } = new URL(url);
  const after = searchParams.get("after");
  return after === null ? `skip ${searchParams.get("skip") ?? 0}` : `after ${after}`;
}
