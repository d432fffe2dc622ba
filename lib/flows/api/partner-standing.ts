import { canaryOf } from "../../engine/control.ts";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import { lanes } from "../../engine/job.ts";
import type { LaneDepth } from "../../engine/ports.ts";
import { type HeldView, heldViews } from "./held-view.ts";
import type { ApiPorts } from "./request.ts";
import { isoTime } from "./time.ts";

/** So many active runs are counted; each is read whole. */
const runsCountedMax = 100;

/** What a partner still has in hand, and what holds it. */
export interface PartnerStanding {
  readonly partner: string;
  readonly at: string;
  readonly held: readonly HeldView[];
  readonly lanes: Readonly<Record<string, LaneDepth>>;
  /** Jobs of held connections, kept in the table. */
  readonly parked: number;
  /** Counted up to `activeRunsCountedMax`. */
  readonly activeRuns: number;
  readonly activeRunsCountedMax: number;
  /** Nothing on the lanes, nothing in hand, no run under way. Parked jobs belong to connections that are held, and do not count. */
  readonly empty: boolean;
  /** The last message of our own that each lane worked: how it is known that it is worked. */
  readonly canaries: Readonly<Record<string, { readonly sentAt: string; readonly consumedAt: string } | null>>;
}

export async function partnerStanding(ports: ApiPorts, { name }: PartnerDriver): Promise<PartnerStanding> {
  const [control, depths, parked, runs] = await Promise.all([
    ports.control.read(name, null, { fresh: true }),
    Promise.all(lanes.map(async (lane) => [lane, await ports.lanes.depth(name, lane)] as const)),
    ports.parked.count(name, null),
    ports.runs.standingStill(name, Number.MAX_SAFE_INTEGER, runsCountedMax),
  ]);
  const busy = depths.some(([, { waiting, inFlight, delayed }]) => waiting + inFlight + delayed > 0);
  const canaries = lanes.map((lane) => {
    const canary = canaryOf(control, lane);
    return [lane, canary && { sentAt: isoTime(canary.sentAtMs), consumedAt: isoTime(canary.consumedAtMs) }] as const;
  });
  return {
    partner: name,
    at: isoTime(ports.clock.nowMs()),
    held: heldViews(control),
    lanes: Object.fromEntries(depths),
    parked,
    activeRuns: runs.length,
    activeRunsCountedMax: runsCountedMax,
    empty: !busy && runs.length === 0,
    canaries: Object.fromEntries(canaries),
  };
}
