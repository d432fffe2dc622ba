import type { PlantedBug } from "./planted-bug.ts";

export const controlBugs: readonly PlantedBug[] = [
  {
    name: "unbounded-probes",
    file: "lib/engine/breaker.ts",
    find: "if (state.begun >= rule.probesMax) return",
    replace: "if (state.begun < 0) return",
    why: "Everybody who looks while it is half-open sends a probe.",
    caughtBy: "simulation",
  },
  {
    name: "breaker-ignored",
    file: "lib/flows/guard-call.ts",
    find: "if (hold !== null) return waitOf(hold);",
    replace: "if (nowMs < 0 && hold !== null) return waitOf(hold);",
    why: "A partner that is down is called all the same.",
    caughtBy: "simulation",
  },
  {
    name: "mapping-enabled-while-open",
    file: "lib/flows/agree-mappings.ts",
    find: 'const wanted = holdOf(control, nowMs) === null ? "running" : "stopped";',
    replace: 'const wanted = holdOf(control, nowMs) === null || nowMs > 0 ? "running" : "stopped";',
    why: "A backlog is taken from the queue and put back, again and again.",
    caughtBy: "simulation",
  },
  {
    name: "mapping-stays-off",
    file: "lib/flows/agree-mappings.ts",
    find: 'if (state !== "changing") await ports.mappings.set(lane, wanted === "running");',
    replace: 'if (state === "enabled") await ports.mappings.set(lane, wanted === "running");',
    why: "A partner that was switched off is off for good.",
    caughtBy: "simulation",
  },
  {
    name: "parked-job-removed-first",
    file: "lib/flows/release-parked.ts",
    find: "      await ports.lanes.send(parked.job, 0);\n      await ports.parked.remove(parked);",
    replace: "      await ports.parked.remove(parked);\n      await ports.lanes.send(parked.job, 0);",
    why: "A job that was held is lost when its release dies half-way.",
    caughtBy: { test: "test/flows/control/crash.test.ts" },
  },
  {
    name: "parked-job-dropped",
    file: "lib/flows/consume-job.ts",
    find: "await ports.parked.park({ ...job, hops: 0 }, {",
    replace: "void ({ ...job }, {",
    why: "What comes in for a connection that is held is gone.",
    caughtBy: "simulation",
  },
];
