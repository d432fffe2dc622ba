import { expect, test } from "vitest";
import { itemOfRun, runOfItem } from "../../lib/aws/run-item.ts";
import { noChildProgress } from "../../lib/engine/cascade.ts";
import { noProgress } from "../../lib/engine/run.ts";
import { makeRun } from "../flows/api/support/seed.ts";

test("a run among children is read as it was stored", () => {
  const run = makeRun("acme_1", {
    progress: { ...noProgress, children: { media: { ...noChildProgress, due: 2 } } },
    checkpoint: {
      sinceMs: null,
      beganMs: 1,
      position: {
        kind: "cascade",
        due: [
          { parent: "orders", child: "media", parentIds: ["1", "2"], cursor: null },
          { parent: "orders", child: "media", parentIds: ["3"], cursor: { page: 2 } },
        ],
        acknowledge: { method: "POST", path: "/acknowledged", body: { receipts: ["1", "2", "3"] } },
        next: { kind: "open", cursor: { page: 1 }, handled: ["1"] },
      },
    },
  });
  expect(runOfItem("runs", itemOfRun(run))).toEqual(run);
});

test("a run amid a feed's page is read as it was stored", () => {
  const feedPage = { ids: ["1", "2"], next: { page: 2 }, total: null };
  const position = { kind: "open", cursor: { page: 1 }, handled: [], feedPage } as const;
  const run = makeRun("acme_1", { checkpoint: { sinceMs: 1, beganMs: 2, position } });
  expect(runOfItem("runs", itemOfRun(run))).toEqual(run);
});
