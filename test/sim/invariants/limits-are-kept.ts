import type { Judge } from "../../support/judges/judge.ts";
import { regimeOf } from "../partner/driver.ts";
import { judgedOwners } from "../partner/judged-owners.ts";
import type { InvariantOf } from "./invariant.ts";

/** No window of any limit sees more calls than it allows. Calls that clock or way carried beyond the stated uncertainty are counted apart. */
export const limitsAreKept: InvariantOf = ({ partners, ground }, broken) => {
  const judges = new Map<string, Judge>();
  const judgesFor = (partner: string, account: string): readonly (readonly [string, Judge])[] => {
    const conditions = partners.find((one) => one.conditions.name === partner)?.conditions;
    // A limit that nobody documents is found by going over it.
    if (conditions === undefined || regimeOf(conditions).isHidden === true) return [];
    return judgedOwners(conditions, account).map(({ owner, openJudge }) => {
      const judge = judges.get(owner) ?? openJudge();
      judges.set(owner, judge);
      return [owner, judge] as const;
    });
  };
  return {
    observe(event) {
      if (event.kind === "answer-left") {
        for (const [, judge] of judgesFor(event.partner, event.owner)) judge.leave(event.callId, ground.loop.nowMs());
      }
      if (event.kind !== "call-arrived") return;
      const { call } = event;
      if (!call.isWithinBounds) return ground.coverage.count("arrival beyond the uncertainty");
      ground.coverage.count("arrival within the uncertainty");
      for (const [owner, judge] of judgesFor(call.partner, call.account)) {
        const former = judge.violations().length;
        judge.arrive({ atMs: call.atMs, weight: call.weight, bucket: call.endpoint, id: call.id });
        // Another application's call that finds no room is our fault, too.
        if (judge.violations().length === former) continue;
        const violation = judge.violations().at(-1);
        broken(
          `${owner}: ${violation?.limit} allows ${violation?.allowed} and call ${call.id} would be its ${violation?.held}th`,
        );
      }
    },
  };
};
