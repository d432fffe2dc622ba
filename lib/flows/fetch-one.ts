import type { Changed } from "../engine/cascade.ts";
import { saysGone } from "../engine/classify.ts";
import type { PartnerRequest } from "../engine/define-partner.ts";
import type { Lane } from "../engine/job.ts";
import { memberAt } from "../engine/pages/shape.ts";
import { skewMsMax } from "../engine/record.ts";
import { callPartner } from "./call-partner.ts";
import type { CallPorts, CallResult } from "./call-partner.ts";
import { saveGone, saveRecords } from "./save-records.ts";
import type { SaveCounts, SavePorts, SaveTarget } from "./save-records.ts";
import type { TokensAhead } from "./tokens-ahead.ts";

export type FetchResult =
  /** `raw` is the thing as the partner sent it; null when the partner has it no more. */
  | {
      readonly kind: "saved";
      readonly counts: SaveCounts;
      readonly raw: unknown;
      /** The thing itself, where its state was written now or since `writtenSinceMs`. */
      readonly changed: readonly Changed[];
    }
  | Exclude<CallResult, { kind: "ok" }>;

export interface FetchLimits {
  readonly lane: Lane;
  readonly deadlineMs: number;
  /** As for `callPartner`. */
  readonly heeding?: TokensAhead;
  /** As for `saveRecords`. */
  readonly writtenSinceMs?: number;
}

/**
 * Fetches one thing and saves what came: what a webhook, a feed and a replay do, so that an old or reordered payload is
 * never applied. What the partner no longer has leaves a tombstone.
 */
export async function fetchOne(
  ports: CallPorts & SavePorts,
  target: SaveTarget,
  externalId: string,
  limits: FetchLimits,
): Promise<FetchResult> {
  // What comes late and differs is asked for a second time, and then taken however long that took.
  const first = await fetchOnce(ports, target, externalId, limits, lateMsMax);
  const isLate = first.kind === "saved" && first.unclear && ports.clock.nowMs() - first.beganMs > lateMsMax;
  const result = isLate ? await fetchOnce(ports, target, externalId, limits, Number.POSITIVE_INFINITY) : first;
  if (result.kind !== "saved" || !result.unclear) return result;
  return { kind: "wait", untilMs: ports.clock.nowMs() + 2 * skewMsMax, reason: "fetched-at-once" };
}

/** A single thing that takes longer has met a partner that stalls. */
const lateMsMax = 2_000;

type Once =
  | Exclude<FetchResult, { kind: "saved" }>
  /** `unclear`: it has to be fetched once more, for nothing says whether it is newer than what is stored. */
  | (Extract<FetchResult, { kind: "saved" }> & { readonly unclear: boolean; readonly beganMs: number });

async function fetchOnce(
  ports: CallPorts & SavePorts,
  target: SaveTarget,
  externalId: string,
  limits: FetchLimits,
  lateMs: number,
): Promise<Once> {
  const askedMs = ports.clock.nowMs();
  const { driver, connection } = target;
  const { lane, deadlineMs, heeding, writtenSinceMs } = limits;
  const since = writtenSinceMs === undefined ? {} : { writtenSinceMs };
  const request = requestFor(target, externalId);
  const call = { driver, connection, request, lane, deadlineMs, ...(heeding !== undefined && { heeding }) };
  const result = await callPartner(ports, call);
  if (result.kind !== "ok" && !(result.kind === "failed" && saysGone(result.error))) return result;
  const raw = result.kind === "ok" ? thingIn(target, result.body) : null;
  const isGone = result.kind !== "ok" || (target.resource.oneItem !== undefined && raw === null);
  const beganMs = result.kind === "ok" ? result.beganMs : askedMs;
  const saved = isGone
    ? await saveGone(ports, target, externalId, { beganMs, ...since })
    : await saveRecords(ports, target, [raw], { beganMs, lateMsMax: lateMs, ...since });
  const { counts, changed, unclear } = saved;
  return { kind: "saved", counts, raw, changed, unclear: unclear.length > 0, beganMs };
}

function requestFor({ resource }: SaveTarget, externalId: string): PartnerRequest {
  const method = resource.oneBody === undefined ? "GET" : "POST";
  return {
    method,
    path: resource.onePath(encodeURIComponent(externalId)),
    query: resource.oneQuery ?? {},
    endpoint: `${method} ${resource.onePath("{id}")}`,
    ...(resource.oneBody !== undefined && { body: resource.oneBody(externalId) }),
    ...(resource.weight !== undefined && { weight: resource.weight.one }),
  };
}

/** The thing in an answer; null where the answer says that there is none. */
function thingIn({ resource }: SaveTarget, body: unknown): unknown {
  return resource.oneItem === undefined ? body : (memberAt(body, resource.oneItem) ?? null);
}
