/** A call as it reaches the partner's door. */
export interface ArrivedCall {
  /** By the partner's own clock; arrivals are told in order. */
  readonly atMs: number;
  /** How many units of each limit it costs. */
  readonly weight: number;
  /** The endpoint, for limits that count each apart. */
  readonly bucket: string;
  readonly id: string;
}

export type Verdict =
  | { readonly kind: "accepted" }
  /** `limit` names the limit that it has to wait for longest. */
  | { readonly kind: "refused"; readonly limit: string; readonly retryAfterMs: number };

/** An arrival that a limit had no room for. */
export interface Violation {
  readonly limit: string;
  readonly atMs: number;
  readonly bucket: string;
  readonly id: string;
  /** What the limit would have held with it, and what it allows, in units. */
  readonly held: number;
  readonly allowed: number;
}

export interface Judge {
  arrive(call: ArrivedCall): Verdict;
  /** The call's answer has left the partner; only limits on calls at once care. */
  leave(id: string, atMs: number): void;
  /** In order of arrival; a call that broke two limits is there twice. */
  violations(): readonly Violation[];
}

/** One limit as the partner keeps it. `excess` is asked first, and `take` follows only when every limit has room. */
export interface Meter {
  readonly limit: string;
  excess(call: ArrivedCall): Excess | null;
  take(call: ArrivedCall): void;
  leave?(id: string): void;
}

export interface Excess {
  readonly held: number;
  readonly allowed: number;
  /** How long until the same call would have room, were nothing else to arrive. */
  readonly retryAfterMs: number;
}

/** A partner that allows nothing over its limits. A call that one limit refuses counts in none. */
export function judgeOf(meters: readonly Meter[]): Judge {
  const violations: Violation[] = [];
  let latestMs = -Infinity;

  const pass = (atMs: number): void => {
    if (!(atMs >= latestMs)) throw new RangeError(`told of ${atMs} after ${latestMs}: arrivals are told in order`);
    latestMs = atMs;
  };

  return {
    arrive(call) {
      pass(call.atMs);
      if (!(call.weight > 0)) throw new RangeError(`call ${call.id} weighs ${call.weight}`);
      let longest: { readonly limit: string; readonly retryAfterMs: number } | null = null;
      for (const meter of meters) {
        const excess = meter.excess(call);
        if (excess === null) continue;
        const { limit } = meter;
        const { atMs, bucket, id } = call;
        violations.push({ limit, atMs, bucket, id, held: excess.held, allowed: excess.allowed });
        if (longest === null || excess.retryAfterMs > longest.retryAfterMs)
          longest = { limit, retryAfterMs: excess.retryAfterMs };
      }
      if (longest !== null) return { kind: "refused", ...longest };
      for (const meter of meters) meter.take(call);
      return { kind: "accepted" };
    },

    leave(id, atMs) {
      pass(atMs);
      for (const meter of meters) meter.leave?.(id);
    },

    violations: () => violations,
  };
}
