import type { Judge } from "../../support/judges/judge.ts";
import { strictPartner } from "../../support/judges/strict-partner.ts";
import type { PartnerConditions } from "../world/conditions.ts";
import { regimeOf } from "./driver.ts";

/** Somebody whose calls are counted together, and how a judge of them begins. */
export interface JudgedOwner {
  readonly owner: string;
  readonly openJudge: () => Judge;
}

/** Who counts a call: its account, and the app that all accounts share. */
export function judgedOwners(conditions: PartnerConditions, account: string): readonly JudgedOwner[] {
  const { counted, othersEveryMs = null } = regimeOf(conditions);
  const app = counted.filter(({ per }) => per === "app").map(({ limit }) => limit);
  const own = counted.filter(({ per }) => per !== "app").map(({ limit }) => limit);
  const judgeOf = (limits: typeof own) => () =>
    othersEveryMs === null ? strictPartner(limits) : withOthers(strictPartner(limits), othersEveryMs);
  return [
    { owner: `${conditions.name} app`, limits: app },
    { owner: `${conditions.name} ${account}`, limits: own },
  ].flatMap(({ owner, limits }) => (limits.length === 0 ? [] : [{ owner, openJudge: judgeOf(limits) }]));
}

/** No window that is shared with others is longer. */
const rememberedMs = 2_000;

/** A judge that another application calls at a steady pace; its calls are told when the next of ours is. */
function withOthers(judge: Judge, everyMs: number): Judge {
  let calls = 0;
  let nextMs = -Infinity;
  const pass = (atMs: number): void => {
    nextMs = Math.max(nextMs, Math.ceil((atMs - rememberedMs) / everyMs) * everyMs);
    for (; nextMs <= atMs; nextMs += everyMs)
      judge.arrive({ atMs: nextMs, weight: 1, bucket: "others", id: `others ${++calls}` });
  };
  return {
    arrive(call) {
      pass(call.atMs);
      return judge.arrive(call);
    },
    leave(id, atMs) {
      pass(atMs);
      judge.leave(id, atMs);
    },
    violations: () => judge.violations(),
  };
}
