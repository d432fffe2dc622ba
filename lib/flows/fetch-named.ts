import { asksFor } from "../engine/cascade.ts";
import type { Ask } from "../engine/cascade.ts";
import type { PartnerError } from "../engine/errors.ts";
import { askAll } from "./ask-all.ts";
import { outOfTime } from "./fetch-children.ts";
import type { ChildPorts } from "./fetch-children.ts";
import { fetchOne } from "./fetch-one.ts";
import type { FetchLimits, FetchResult } from "./fetch-one.ts";
import type { SaveTarget } from "./save-records.ts";

export type Named =
  | (Extract<FetchResult, { kind: "saved" }> & {
      /** Children that the partner would not give, one parent each. */
      readonly refused: readonly { readonly ask: Ask; readonly error: PartnerError }[];
    })
  | Exclude<FetchResult, { kind: "saved" }>;

/** Deeper trees than this wait for their next turn. */
const depthMax = 10;

/** Fetches one thing that somebody named, and its children whether it changed or not: the event may have been about one of them. */
export async function fetchNamed(
  ports: ChildPorts,
  target: SaveTarget,
  externalId: string,
  limits: FetchLimits,
): Promise<Named> {
  const result = await fetchOne(ports, target, externalId, limits);
  // One that does not fit is parked, and its replay comes here again.
  if (result.kind !== "saved") return result;
  if (result.counts.parked > 0) return { ...result, refused: [] };
  const deleted = result.raw === null || result.changed.some((changed) => changed.deleted);
  const refused: { ask: Ask; error: PartnerError }[] = [];
  let due = asksFor(target.driver, target.resourceName, [{ externalId, deleted }]);
  for (let depth = 0; depth < depthMax && due.length > 0; depth++) {
    const options = { limits, callsMax: Number.POSITIVE_INFINITY, untilMs: limits.deadlineMs, isLastTry: false };
    const asked = await askAll(ports, target, due, options);
    if (asked.why !== null) return asked.why;
    refused.push(...asked.refused);
    due = asked.left;
    if (due.length > 0 && ports.clock.nowMs() >= limits.deadlineMs) return outOfTime(ports);
  }
  return { ...result, refused };
}
