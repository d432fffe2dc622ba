import type { PlantedBug } from "./planted-bug.ts";

export const webhookBugs: readonly PlantedBug[] = [
  {
    name: "delivery-remembered-before-its-effect",
    file: "lib/flows/handle-webhook.ts",
    find: "const outcome = await effect();",
    replace: "await markWorked(ports, job, key); const outcome = await effect();",
    why: "A delivery whose worker dies, or that has to wait, counts as seen and is skipped when it comes again.",
    caughtBy: { test: "test/flows/webhook-replay.test.ts" },
  },
  {
    name: "replayed-delivery-skipped",
    file: "lib/flows/webhook/delivery-mark.ts",
    find: "key !== null && job.replayOf === null &&",
    replace: "key !== null &&",
    why: "What a person replays does nothing, and its failure is closed.",
    caughtBy: { test: "test/flows/webhook-replay.test.ts" },
  },
  {
    name: "parts-under-new-ids",
    file: "lib/flows/webhook/send-parts.ts",
    find: "fingerprintOf([job.id, part.account, text])",
    replace: "fingerprintOf([job.id, String(globalThis.performance.now()), part.account, text])",
    why: "A worker that dies half-way leaves each failing part as several failures.",
    caughtBy: { test: "test/flows/webhook-parts.test.ts" },
  },
  {
    name: "part-with-everybody's-events",
    file: "lib/flows/webhook/send-parts.ts",
    find: "const text = JSON.stringify(part.event);",
    replace: 'const text = work.body.kind === "text" ? work.body.text : JSON.stringify(part.event);',
    why: "A tenant's job, and its failure, hold the other tenants' events.",
    caughtBy: { test: "test/flows/webhook-parts.test.ts" },
  },
  {
    name: "call-without-its-account",
    file: "lib/flows/call-partner.ts",
    find: "      ...onBehalf,\n",
    replace: "",
    why: "With a platform's key the platform's own things are taken for the connected account's.",
    caughtBy: { test: "test/partners/stripe/connect.test.ts" },
  },
];
