import type { Prng } from "../kernel/prng.ts";

const second = 1_000;
const minute = 60 * second;

/** How likely each thing is to go wrong with one call of a service. */
export interface FaultRates {
  readonly dieBefore: number;
  readonly dieAfter: number;
  readonly throttled: number;
  readonly failedBefore: number;
  /** It took effect and the answer says that it failed. */
  readonly failedAfter: number;
  /** It failed for the caller, and takes effect a while later. */
  readonly happensLater: number;
  /** The first answer was lost and the client tried again: the second try's answer is what the caller hears. */
  readonly triedTwice: number;
  readonly slow: number;
}

/** What one seed's world is like: every world has some of the faults, few have all. */
export interface Conditions {
  readonly mainMs: number;
  /** Without faults, at the end: everything must come to rest within it. */
  readonly restMs: number;
  readonly faults: FaultRates;
  readonly skewMsMax: number;
  /** As the drivers state it: no less than clocks and ways differ, unless a request is far too late. */
  readonly uncertaintyMs: number;
  readonly oversleep: number;
  readonly queue: {
    readonly duplicate: number;
    readonly lostDelete: number;
    readonly lateMs: number;
    readonly concurrency: number;
  };
  readonly staleIndex: number;
  readonly network: {
    readonly delayMs: number;
    readonly jitterMs: number;
    readonly lostRequest: number;
    readonly lostAnswer: number;
    /** Later than any stated uncertainty. */
    readonly late: number;
  };
  readonly schedule: { readonly twice: number; readonly missed: number };
  /** Whether people pause partners and connections. */
  readonly pauses: boolean;
  /** Whether people say what becomes of a backlog: to skip it and import everything afresh, to leave it, to work it off. */
  readonly recoveries: boolean;
  readonly partners: readonly PartnerConditions[];
}

export interface PartnerConditions {
  readonly name: string;
  readonly limit: number;
  readonly connections: number;
  readonly order: "version" | "fetch";
  readonly increment: "feed" | "filter" | "none";
  readonly pages: "keyset" | "offset" | "link";
  /** How often everything is passed over: seldom, and the increments have to bring all by themselves. */
  readonly fullEveryMs: number;
  readonly overlapMs: number;
  /** How long the feed and the filter take to show a change. */
  readonly feedLagMs: number;
  readonly objects: number;
  readonly changeEveryMs: number;
  readonly burst: number;
  readonly reverts: number;
  readonly badThing: number;
  readonly clockOffMs: number;
  /** When the partner's clock is put back, and by how much; its versions go back with it. */
  readonly clockBack: { readonly afterMs: number; readonly byMs: number } | null;
  readonly lists: ListConditions;
  /** When most of an account's things are deleted at once: too many for a pass to delete by itself. */
  readonly massDeletionAfterMs: number | null;
  readonly webhooks: {
    readonly lost: number;
    readonly duplicate: number;
    readonly lateMs: number;
    readonly byAccount: boolean;
    /** With a body that no queue takes. */
    readonly large: number;
  };
  readonly outages: readonly Outage[];
  readonly refusal: number;
}

/** How a partner's lists go wrong under whoever walks them. */
export interface ListConditions {
  /** Of lists by number: by `updated`, whatever changes moves between pages. */
  readonly order: "id" | "updated";
  /** A full page says that there are more, though there is nothing behind it. */
  readonly emptyLastPage: boolean;
  /** How likely a page of everything comes without what is on it, or as if it were the last one. */
  readonly lostPage: number;
}

export interface Outage {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly kind: "errors" | "hangs" | "unavailable";
}

export function drawConditions(prng: Prng): Conditions {
  const mainMs = prng.pick([30, 45, 60]) * minute;
  const names = ["ash", "birch"].slice(0, prng.chance(0.3) ? 2 : 1);
  return {
    mainMs,
    restMs: 150 * minute,
    faults: drawFaults(prng),
    ...prng.pick([
      { skewMsMax: 0, uncertaintyMs: 260 },
      { skewMsMax: 20, uncertaintyMs: 260 },
      { skewMsMax: 45, uncertaintyMs: 260 },
      { skewMsMax: 250, uncertaintyMs: 700 },
    ]),
    oversleep: prng.pick([0, 0.01, 0.05]),
    queue: {
      // A duplicate of a job that waits goes round by itself: what SQS does once in a long while must not breed here.
      duplicate: prng.pick([0, 0.002, 0.01]),
      lostDelete: prng.pick([0, 0.01, 0.03]),
      lateMs: prng.pick([50, 2_000]),
      concurrency: prng.int(2, 6),
    },
    staleIndex: prng.pick([0, 0.1, 0.3]),
    network: {
      delayMs: prng.pick([5, 40, 120]),
      jitterMs: prng.pick([10, 55]),
      lostRequest: prng.pick([0, 0.005, 0.02]),
      lostAnswer: prng.pick([0, 0.005, 0.02]),
      late: prng.pick([0, 0, 0.003]),
    },
    schedule: { twice: prng.pick([0, 0.1, 0.3]), missed: prng.pick([0, 0.05]) },
    pauses: prng.chance(0.3),
    recoveries: prng.chance(0.4),
    partners: names.map((name) => drawPartner(prng.fork(name), name, mainMs)),
  };
}

/** Each kind of fault is off, rare or common by itself, so that no kind always hides another. */
function drawFaults(prng: Prng): FaultRates {
  const rate = (): number => prng.pick([0, 0.0005, 0.003]);
  return {
    dieBefore: rate(),
    dieAfter: rate(),
    throttled: rate() * 2,
    failedBefore: rate(),
    failedAfter: rate(),
    happensLater: rate(),
    triedTwice: rate(),
    slow: rate() * 2,
  };
}

function drawPartner(prng: Prng, name: string, mainMs: number): PartnerConditions {
  const increment = prng.pick(["feed", "filter", "none"] as const);
  const pages = prng.pick(["keyset", "offset", "link"] as const);
  // Things that move between the pages of the first pass are found by the next one only.
  const seldom = increment !== "none" && pages === "keyset" && prng.chance(0.7);
  return {
    name,
    limit: prng.int(0, 1_000),
    connections: prng.int(1, 4),
    order: prng.pick(["version", "version", "fetch"]),
    increment,
    pages,
    fullEveryMs: (seldom ? 48 * 60 : 60) * minute,
    overlapMs: prng.pick([10, 60]) * second,
    feedLagMs: prng.pick([0, 4_000]),
    objects: prng.int(3, 60),
    changeEveryMs: prng.pick([5, 20, 60]) * second,
    burst: prng.pick([0, 0, 40]),
    reverts: prng.pick([0, 0.5]),
    badThing: prng.pick([0, 0.03]),
    clockOffMs: prng.pick([0, -1_500, 1_500]),
    clockBack:
      !seldom && prng.chance(0.2)
        ? { afterMs: prng.between(5 * minute, mainMs), byMs: prng.pick([10 * second, 5 * minute]) }
        : null,
    lists: {
      order: pages === "keyset" ? "id" : prng.pick(["id", "id", "updated"]),
      emptyLastPage: prng.chance(0.5),
      // What one pass has lost, the next one has to bring.
      lostPage: seldom ? 0 : prng.pick([0, 0.05, 0.2]),
    },
    massDeletionAfterMs: !seldom && prng.chance(0.25) ? prng.between(0, mainMs) : null,
    webhooks: {
      lost: prng.pick([0, 0.1, 0.5]),
      duplicate: prng.pick([0, 0.2]),
      lateMs: prng.pick([500, 20_000]),
      byAccount: prng.chance(0.5),
      large: prng.pick([0, 0.02, 0.1]),
    },
    outages: drawOutages(prng, mainMs),
    refusal: prng.pick([0, 0, 0.01]),
  };
}

function drawOutages(prng: Prng, mainMs: number): readonly Outage[] {
  return Array.from({ length: prng.int(0, 2) }, () => {
    const fromMs = prng.between(0, mainMs);
    const kind = prng.pick(["errors", "hangs", "unavailable"] as const);
    return { fromMs, untilMs: Math.min(mainMs, fromMs + prng.between(1, 12) * minute), kind };
  });
}
