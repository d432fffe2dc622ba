import { saysGone } from "../engine/classify.ts";
import type { PartnerRequest } from "../engine/define-partner.ts";
import type { Lane } from "../engine/job.ts";
import type { RecordScope, WriteOutcome } from "../engine/record.ts";
import { compareWithMark } from "../engine/record.ts";
import { callPartner } from "./call-partner.ts";
import type { CallPorts, CallResult } from "./call-partner.ts";
import { saveRecords, tombstone } from "./save-records.ts";
import type { SaveCounts, SavePorts, SaveTarget } from "./save-records.ts";

export type FetchResult =
  /** `raw` is the thing as the partner sent it; null when the partner has it no more. */
  { readonly kind: "saved"; readonly counts: SaveCounts; readonly raw: unknown } | Exclude<CallResult, { kind: "ok" }>;

/**
 * Fetches one thing and saves what came: what a webhook, a feed and a replay do, so that an old or reordered payload is
 * never applied. What the partner no longer has leaves a tombstone.
 */
export async function fetchOne(
  ports: CallPorts & SavePorts,
  target: SaveTarget,
  externalId: string,
  limits: { readonly lane: Lane; readonly deadlineMs: number },
): Promise<FetchResult> {
  const beganMs = ports.clock.nowMs();
  const result = await callPartner(ports, {
    driver: target.driver,
    connection: target.connection,
    request: requestFor(target, externalId),
    ...limits,
  });
  if (result.kind === "ok")
    return settled(ports, target, await saveRecords(ports, target, [result.body], result.beganMs), result.body);
  if (result.kind === "failed" && saysGone(result.error))
    return settled(ports, target, await saveGone(ports, target, externalId, beganMs), null);
  return result;
}

/**
 * Where only the time of our fetch orders states, two fetches in one millisecond, or by workers whose clocks differ, say
 * nothing of which is newer: what lost is fetched again a moment later.
 */
function settled(ports: SavePorts, target: SaveTarget, counts: SaveCounts, raw: unknown): FetchResult {
  if (counts.stale === 0 || target.resource.versionMs !== undefined) return { kind: "saved", counts, raw };
  return { kind: "wait", untilMs: ports.clock.nowMs() + skewMsMax, reason: "fetched-at-once" };
}

/** More than two of our clocks may differ. */
const skewMsMax = 1_000;

function requestFor(target: SaveTarget, externalId: string): PartnerRequest {
  return {
    method: "GET",
    path: target.resource.onePath(encodeURIComponent(externalId)),
    query: target.resource.oneQuery ?? {},
    endpoint: `GET ${target.resource.onePath("{id}")}`,
  };
}

async function saveGone(
  ports: SavePorts,
  target: SaveTarget,
  externalId: string,
  beganMs: number,
): Promise<SaveCounts> {
  const scope: RecordScope = {
    partner: target.driver.name,
    connectionId: target.connection.connectionId,
    resource: target.resourceName,
  };
  const mark = (await ports.records.marks(scope, [externalId])).get(externalId) ?? null;
  const candidate = tombstone(target, externalId, beganMs);
  const verdict = compareWithMark(candidate, mark);
  const outcome: WriteOutcome = verdict === "write" ? await ports.records.write(scope, candidate, mark) : verdict;
  return { created: 0, updated: 0, unchanged: 0, stale: 0, deleted: 0, parked: 0, [outcome]: 1 };
}
