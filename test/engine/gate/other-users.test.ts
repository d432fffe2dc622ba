import { describe, expect, test } from "vitest";
import { noHints } from "../../../lib/engine/gate/no-hints.ts";
import type { BucketScope, LimitHints } from "../../../lib/engine/ports.ts";
import { strictPartner } from "../../support/judges/strict-partner.ts";
import { startMs } from "../../support/memory/clock.ts";
import { slidingScope } from "./support/scopes.ts";
import { VirtualWorld } from "./support/virtual-world.ts";

const minuteMs = 60_000;
const forMs = 10 * minuteMs;
const requests = 120;
const answersInMs = 80;

/** Another application takes 30 % of the same quota, evenly; four workers of ours want all that there is. */
function shareQuota(share: number, hears: boolean): { readonly sent: number; readonly refused: number } {
  const world = new VirtualWorld(8);
  const scopes: readonly BucketScope[] = [
    slidingScope(3, 1_000, { share: 1 }),
    slidingScope(requests, minuteMs, { share }),
  ];
  const judge = strictPartner([{ name: "minute", kind: "slidingWindow", requests, perMs: minuteMs }]);
  const accepted: number[] = [];
  let [sent, refused, ids] = [0, 0, 0];
  const arrive = (): boolean => {
    const verdict = judge.arrive({ atMs: world.nowMs, weight: 1, bucket: "any", id: `c${(ids += 1)}` });
    if (verdict.kind === "accepted") accepted.push(world.nowMs);
    return verdict.kind === "accepted";
  };
  const other = (): void => {
    arrive();
    world.at(world.nowMs + minuteMs / (0.3 * requests), other);
  };
  world.at(startMs, other);
  const call = (dateMs: number): void => {
    world.at(dateMs + world.random.unit() * 200, () => {
      sent += 1;
      const isAccepted = arrive();
      if (!isAccepted) refused += 1;
      const used = accepted.filter((atMs) => atMs > world.nowMs - minuteMs).length;
      const remaining = [{ perMs: minuteMs, remaining: requests - used, resetAtMs: null, limit: requests }];
      const hints: LimitHints = { ...noHints, remaining };
      const kinds = isAccepted ? [] : (["rate"] as const);
      const outcome = { scopes, connectionId: "one", sent: 1, unused: 0, kinds, hints };
      if (hears) world.at(world.nowMs + answersInMs, () => world.settle({ weight: 1, dates: [dateMs] }, outcome));
    });
  };
  for (let worker = 0; worker < 4; worker += 1)
    world.flood({ scopes, weight: 1, want: 3, lane: "imports", connectionId: "one" }, call);
  world.runUntil(startMs + forMs);
  return { sent, refused };
}

describe("another application uses 30 % of the same quota", () => {
  test("with a share of 0.7 nothing is ever refused, and all that is left is used", () => {
    const { sent, refused } = shareQuota(0.7, false);
    expect(refused).toBe(0);
    expect(sent).toBeGreaterThanOrEqual(0.99 * 0.7 * requests * 10);
  });

  test("with a share of 1, what the partner says is left keeps us from what is not", () => {
    const deaf = shareQuota(1, false);
    const hearing = shareQuota(1, true);
    expect(deaf.refused / deaf.sent).toBeGreaterThan(0.2);
    expect(hearing.refused / hearing.sent).toBeLessThan(deaf.refused / deaf.sent / 4);
    expect(hearing.sent).toBeGreaterThanOrEqual(0.85 * 0.7 * requests * 10);
  });
});
