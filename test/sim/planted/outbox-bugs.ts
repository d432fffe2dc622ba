import type { PlantedBug } from "./planted-bug.ts";

/** History and events. */
export const outboxBugs: readonly PlantedBug[] = [
  {
    name: "event-before-history",
    file: "lib/flows/publish-changes.ts",
    find: '  if ((await ports.history.append(entry)) === "appended")',
    replace:
      '  await ports.events.publish([recordEventOf(entry, after.model, tenantId)]);\n  if ((await ports.history.append(entry)) === "appended")',
    why: "Whoever acts on an event looks into a history that does not have it.",
    caughtBy: "simulation",
  },
  {
    name: "event-without-version",
    file: "lib/engine/change-event.ts",
    find: 'id: [partner, connectionId, resource, externalId, version].join("#"),',
    replace: 'id: [partner, connectionId, resource, externalId].join("#"),',
    why: "A consumer that keeps ids acts on the first change of a record alone.",
    caughtBy: "simulation",
  },
  {
    name: "unversioned-write-told",
    file: "lib/flows/publish-changes.ts",
    find: "if (before?.version === after.version) return null;",
    replace: "if (before === after) return null;",
    why: "A write that moved the order alone is told as a change.",
    caughtBy: "simulation",
  },
  {
    name: "restored-as-updated",
    file: "lib/engine/history.ts",
    find: 'return before.deleted ? "restored" : "updated";',
    replace: 'return before.deleted && after.version < 0 ? "restored" : "updated";',
    why: "What was deleted and is there again is told as if it had been there all the time.",
    caughtBy: "simulation",
  },
  {
    name: "deleted-as-updated",
    file: "lib/engine/history.ts",
    find: 'if (after.deleted) return "deleted";',
    replace: 'if (after.deleted && before === null) return "deleted";',
    why: "Nobody hears that a thing is gone.",
    caughtBy: "simulation",
  },
  {
    name: "rest-of-batch-forgotten",
    file: "lib/flows/publish-changes.ts",
    find: "if (stoppedAt !== null) return stoppedAt;",
    replace: "if (stoppedAt !== null) return null;",
    why: "A batch in which one change could not be kept is reported as done.",
    caughtBy: "simulation",
  },
  {
    name: "rebuild-without-a-gap",
    file: "lib/engine/rebuild.ts",
    find: "if (newest === null || newest.version < record.version)",
    replace: "if (newest === null)",
    why: "A history that ends too early is not seen to have a gap.",
    caughtBy: { test: "test/flows/rebuild-records.test.ts" },
  },
];
