import { controlBugs } from "./control-bugs.ts";
import { flowBugs } from "./flow-bugs.ts";
import { fullPassBugs } from "./full-pass-bugs.ts";
import { gateBugs } from "./gate-bugs.ts";
import { outboxBugs } from "./outbox-bugs.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { recordBugs } from "./record-bugs.ts";
import { recoverBugs } from "./recover-bugs.ts";
import { runBugs } from "./run-bugs.ts";
import { webhookBugs } from "./webhook-bugs.ts";

/** The bank: to add a bug, add one to the list that it belongs to. */
export const bugs: readonly PlantedBug[] = [
  ...gateBugs,
  ...runBugs,
  ...recordBugs,
  ...fullPassBugs,
  ...outboxBugs,
  ...flowBugs,
  ...webhookBugs,
  ...controlBugs,
  ...recoverBugs,
];
