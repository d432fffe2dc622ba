import type { PlantedBug } from "./planted-bug.ts";

export const recoverBugs: readonly PlantedBug[] = [
  {
    name: "older-pass-counts-as-the-fresh-one",
    file: "lib/flows/finish-run.ts",
    find: "const isOwed = asked !== null && !isAnswered(asked, run);",
    replace: "const isOwed = asked !== null && nowMs < 0;",
    why: "What a purge skipped had been passed by the import that was under way, and is seen again a day later.",
    caughtBy: { test: "test/flows/recover-partner.test.ts", name: "a purge while" },
  },
  {
    name: "drain-leaves-the-pause",
    file: "lib/flows/recover-partner.ts",
    find: "const pause = resources === null ? null : control.pause;",
    replace: "const { pause } = control;",
    why: "A partner whose backlog was left alone for a while is off for good.",
    caughtBy: "simulation",
  },
  {
    name: "drain-leaves-the-resource-off",
    file: "lib/flows/recover-partner.ts",
    find: "return state.nextDueMs === null ? { ...state, nextDueMs: nowMs } : state;",
    replace: "return state.nextDueMs === null ? { ...state, nextDueMs: null } : state;",
    why: "A resource that was taken off the schedule is imported never again.",
    caughtBy: "simulation",
  },
  {
    name: "drained-starts-imports",
    file: "lib/flows/admit-imports.ts",
    find: 'if (control.schedules !== null) return held("schedules", "it is drained");',
    replace: 'if (control.schedules !== null && nowMs < 0) return held("schedules", "it is drained");',
    why: "A partner that is drained before a deployment begins new imports.",
    caughtBy: "simulation",
  },
];
