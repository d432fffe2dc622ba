import { refusedPathOf } from "../engine/data-failure.ts";
import type { PartnerDriver } from "../engine/define-partner.ts";
import { driftOf, enoughItems } from "../engine/drift.ts";
import type { Drift } from "../engine/drift.ts";
import type { PartnerError } from "../engine/errors.ts";
import type { Ports } from "../engine/ports.ts";
import { learn, ShapeSeen } from "../engine/shape.ts";
import type { Shape } from "../engine/shape.ts";
import { bodyOfShapeNote, emptyShapeNote, newsIn, readShapeNote, shapesOwner, withNews } from "../engine/shape-note.ts";
import { syncAlerts } from "./note-sync.ts";

export type DriftPorts = Pick<Ports, "clock" | "connections" | "metrics" | "log">;

/** What one worker's turn sees of a resource's shape. */
export interface DriftWatch {
  /** What came, and why some of it was parked; of other resources nothing is noted. */
  look(resource: string, raws: readonly unknown[], refused: readonly PartnerError[]): void;
  /**
   * Compares what was seen with what is remembered, tells of it, and remembers it: one read a turn, and a write only where
   * something is new. A worker that dies before forgets what it saw; the next pages show the same.
   */
  keep(): Promise<void>;
}

/** Of a page so many things are looked at, spread over it: the shape of all is the schema's work. */
const looksMax = 25;
const refusedMax = 20;
/** Shares of a page that may be parked before a person should hear. */
const parkedShareMax = 0.2;

export function watchDrift(
  ports: DriftPorts,
  driver: Pick<PartnerDriver, "name">,
  of: { readonly resource: string; readonly connectionId: string },
): DriftWatch {
  let seen = new ShapeSeen();
  const refusedPaths = new Set<string>();
  const page = { items: 0, parked: 0 };
  return {
    look(resource, raws, refused) {
      if (resource !== of.resource) return;
      const step = Math.max(1, Math.ceil(raws.length / looksMax));
      for (let index = 0; index < raws.length; index += step) seen.look(raws[index]);
      for (const error of refused) if (refusedPaths.size < refusedMax) refusedPaths.add(refusedPathOf(error));
      page.items += raws.length;
      page.parked += refused.length;
      // Things that come one by one make a page together.
      if (page.items < enoughItems) return;
      if (page.parked > parkedShareMax * page.items) tellOfPage(ports, driver.name, of, page);
      page.items = 0;
      page.parked = 0;
    },
    async keep() {
      if (seen.items === 0) return;
      await remember(ports, driver.name, of, seen, [...refusedPaths]);
      seen = new ShapeSeen();
    },
  };
}

type Of = Parameters<typeof watchDrift>[2];

/** Nothing is switched off: the good ones are saved, and what is parked is there to be replayed. */
function tellOfPage(
  ports: DriftPorts,
  partner: string,
  { resource, connectionId }: Of,
  page: { readonly items: number; readonly parked: number },
): void {
  ports.metrics.count("UnfitPages", 1, { partner });
  ports.metrics.count(syncAlerts, 1, {});
  ports.log.warn("an import wants a person", { alert: "unfit-page", partner, connectionId, resource, ...page });
}

async function remember(
  ports: DriftPorts,
  partner: string,
  { resource, connectionId }: Of,
  seen: ShapeSeen,
  refusedPaths: readonly string[],
): Promise<void> {
  const nowMs = ports.clock.nowMs();
  const stored = await ports.connections.readNote(partner, shapesOwner, resource);
  const note = (stored === null ? null : readShapeNote(stored.body)) ?? emptyShapeNote(nowMs);
  const news = newsIn(note, [...driftOf(note.shape, seen), ...refusedPaths.map(refusal)], nowMs);
  const shape = learn(note.shape, seen);
  if (news.length === 0 && isKnown(note.shape, shape)) return;
  const body = bodyOfShapeNote(withNews(note, shape, news, nowMs));
  const next = { partner, owner: shapesOwner, name: resource, revision: (stored?.revision ?? 0) + 1, body };
  // Another worker learns the same resource at this moment, and tells of what it saw; what only we saw comes again.
  if ((await ports.connections.writeNote(next)) === "superseded") return;
  for (const { kind, severity, path, before, after } of news) {
    ports.metrics.count("ShapeDrift", 1, { partner, kind });
    const what = { kind, severity, path, before: before.join("|"), after: after.join("|") };
    ports.log[severity === "harmless" ? "info" : "warn"]("a partner's shape changed", {
      partner,
      resource,
      connectionId,
      ...what,
    });
  }
}

function refusal(path: string): Drift {
  return { kind: "refused", severity: "breaking", path, before: [], after: [] };
}

/** That more things of the same shape came is no news, once there are enough to go by. */
function isKnown(before: Shape, after: Shape): boolean {
  if (before.items < enoughItems || before.paths.size !== after.paths.size) return false;
  return [...after.paths].every(([path, { types, always }]) => {
    const known = before.paths.get(path);
    return known?.always === always && known.types.length === types.length;
  });
}
