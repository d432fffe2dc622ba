import { controlBugs } from "./control-bugs.ts";
import { flowBugs } from "./flow-bugs.ts";
import { gateBugs } from "./gate-bugs.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { recordBugs } from "./record-bugs.ts";
import { runBugs } from "./run-bugs.ts";

/** The bank: to add a bug, add one to the list that it belongs to. */
export const bugs: readonly PlantedBug[] = [...gateBugs, ...runBugs, ...recordBugs, ...flowBugs, ...controlBugs];
