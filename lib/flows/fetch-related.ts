import type { Touched } from "../engine/define-partner.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import type { CallPorts } from "./call-partner.ts";
import { fetchOne } from "./fetch-one.ts";
import type { FetchLimits } from "./fetch-one.ts";
import type { SavePorts, SaveTarget } from "./save-records.ts";

const relatedMax = 20;
const atOnce = 5;

/**
 * Fetches what things speak of and nobody has fetched yet: an order's customer. The records are the cache, tombstones of
 * things that are not there included. What cannot be fetched now is left out: its own import brings it.
 */
export async function fetchRelated(
  ports: CallPorts & SavePorts,
  target: SaveTarget,
  raws: readonly unknown[],
  limits: Omit<FetchLimits, "writtenSinceMs">,
): Promise<void> {
  const wanted = new Map<string, Touched>();
  for (const raw of raws) {
    for (const thing of relatedTo(target, raw).slice(0, relatedMax))
      wanted.set(`${thing.resource} ${thing.externalId}`, thing);
  }
  const unknown = await withoutKnown(ports, target, [...wanted.values()]);
  await mapBounded(unknown, atOnce, async (thing) => {
    const resource = target.driver.resources[thing.resource];
    // What has children is left to its own import, which fetches them too.
    if (resource === undefined || resource.children !== undefined || ports.clock.nowMs() >= limits.deadlineMs) return;
    await fetchOne(ports, { ...target, resourceName: thing.resource, resource }, thing.externalId, limits);
  });
}

function relatedTo({ resource }: SaveTarget, raw: unknown): readonly Touched[] {
  const parsed = resource.schema.safeParse(raw);
  if (!parsed.success || resource.related === undefined) return [];
  try {
    return resource.related(parsed.data);
  } catch {
    // The thing itself was saved or parked; what it speaks of has an import of its own.
    return [];
  }
}

async function withoutKnown(
  ports: SavePorts,
  target: SaveTarget,
  wanted: readonly Touched[],
): Promise<readonly Touched[]> {
  const unknown: Touched[] = [];
  for (const resource of new Set(wanted.map((thing) => thing.resource))) {
    const ids = wanted.filter((thing) => thing.resource === resource).map((thing) => thing.externalId);
    const scope = { partner: target.driver.name, connectionId: target.connection.connectionId, resource };
    for (let start = 0; start < ids.length; start += marksMax) {
      const some = ids.slice(start, start + marksMax);
      const known = await ports.records.marks(scope, some);
      unknown.push(...some.filter((id) => !known.has(id)).map((externalId) => ({ resource, externalId })));
    }
  }
  return unknown;
}

/** The stores look up this many marks a call. */
const marksMax = 100;
