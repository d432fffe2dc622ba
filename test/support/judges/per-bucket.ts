import type { Meter } from "./judge.ts";

/** The same limit for each bucket apart, such as 25 a second for each endpoint inside 100 for the account. */
export function perBucketMeter(limit: string, create: () => Meter): Meter {
  const meters = new Map<string, Meter>();

  const meterOf = (bucket: string): Meter => {
    const meter = meters.get(bucket) ?? create();
    meters.set(bucket, meter);
    return meter;
  };

  return {
    limit,
    excess: (call) => meterOf(call.bucket).excess(call),
    take: (call) => meterOf(call.bucket).take(call),
    leave(id) {
      for (const meter of meters.values()) meter.leave?.(id);
    },
  };
}
