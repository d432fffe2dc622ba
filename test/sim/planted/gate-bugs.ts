import type { PlantedBug } from "./planted-bug.ts";

export const gateBugs: readonly PlantedBug[] = [
  {
    name: "late-token-sent",
    file: "lib/flows/call-partner.ts",
    find: "if (ports.clock.nowMs() <= sendAtMs + reservation.lateMsMax)",
    replace: "if (sendAtMs > 0)",
    why: "A worker that overslept sends its call into a window that is full by then.",
    caughtBy: "simulation",
  },
  {
    name: "gate-without-condition",
    file: "test/support/memory/gate-items.ts",
    find: "(this.#items.get(key)?.revision ?? 0) !== readRevision",
    replace: "readRevision < 0",
    why: "Two workers take the same token.",
    caughtBy: "simulation",
  },
];
