import type { PlantedBug } from "./planted-bug.ts";

export const recordBugs: readonly PlantedBug[] = [
  {
    name: "missing-record-condition",
    file: "test/support/memory/record-store.ts",
    find: "const verdict = compareWithMark(candidate, stored);",
    replace: 'const verdict = "write" as ReturnType<typeof compareWithMark>;',
    why: "Of two writes under way at once the older may come last.",
    caughtBy: { test: "test/aws/memory-ports.test.ts" },
  },
  {
    name: "older-over-newer",
    file: "lib/engine/record.ts",
    find: '  return mark.writtenAtMs + lagMsMax < candidate.fetchedAtMs ? "write" : "stale";',
    replace: '  return "write";',
    why: "Whatever comes last wins.",
    caughtBy: { test: "test/engine/record.test.ts" },
  },
  {
    name: "tombstone-over-newer",
    file: "lib/engine/record.ts",
    find: '    return isLater ? "write" : "unclear";\n  }\n  if (candidate.order > mark.order)',
    replace: '    return "write";\n  }\n  if (candidate.order > mark.order)',
    why: "A 404 that was seen before the thing was there again takes it away.",
    caughtBy: { test: "test/engine/record.test.ts" },
  },
  {
    name: "history-overwritten",
    file: "test/support/memory/history-store.ts",
    find: 'return "exists";',
    replace: "this.entries.pop();",
    why: "A version that is told of twice takes the place of another.",
    caughtBy: "simulation",
  },
  {
    name: "change-not-published",
    file: "lib/flows/publish-changes.ts",
    find: "return { events, stoppedAt: sequence };",
    replace: "continue;",
    why: "A change whose history could not be written is passed over.",
    caughtBy: "simulation",
  },
  {
    name: "refused-events-dropped",
    file: "lib/flows/publish-changes.ts",
    find: "return some[0]?.sequence ?? null;",
    replace: "continue;",
    why: "What the bus did not take is never told.",
    caughtBy: "simulation",
  },
];
