import { randomInt } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { RecordView, RunView } from "../../../bin/commands/api-shapes.ts";
import { changeAtPartner, connectDemo } from "../../../bin/commands/connect-demo.ts";
import { isInState } from "../../../bin/commands/smoke/compare-records.ts";
import type { LedgerObject } from "../../../lib/local/world/sandbox-client.ts";
import { waitUntil } from "../support/wait.ts";
import { startWorld, synthesiseInto } from "./world-process.ts";
import type { WorldProcess } from "./world-process.ts";

export interface KillReport {
  readonly kills: number;
  readonly objects: number;
  /** Objects whose record is missing, old, or written more often than there were states to write. */
  readonly wrong: readonly string[];
  readonly runs: number;
  readonly runsNotDone: number;
  readonly pages: number;
  readonly pagesFetchedAgain: number;
  readonly failuresOpen: number;
}

export interface KillPlan {
  readonly folder: string;
  readonly kills: number;
  /** Each life lasts from `lifeMsMin` to `lifeMsMax`, by chance. */
  readonly lifeMsMin: number;
  readonly lifeMsMax: number;
  readonly size: "demo" | "smoke";
  /** Changes at the partner in each life, each with its webhook. */
  readonly changes: number;
  readonly waitMs: number;
}

/** Kills the whole stack again and again, in the middle of an import and of webhooks, lets it end its work, and compares. */
export async function killOften(plan: KillPlan): Promise<KillReport> {
  const cdkOutDir = join(plan.folder, "cdk.out");
  const dataDir = join(plan.folder, "data");
  await synthesiseInto(cdkOutDir);
  for (let kill = 0; kill < plan.kills; kill++) {
    const world = await startWorld(cdkOutDir, dataDir, "stripe");
    await connectDemo({ stack: { url: world.url } }, world.api, world.partner, plan.size);
    await world.fire();
    if (plan.changes > 0) await changeAtPartner(world.partner, { type: "update", count: plan.changes });
    await sleep(randomInt(plan.lifeMsMin, plan.lifeMsMax));
    await world.kill();
  }
  const world = await startWorld(cdkOutDir, dataDir, "stripe");
  try {
    return await finish(world, plan);
  } finally {
    await world.kill();
  }
}

async function finish(world: WorldProcess, plan: KillPlan): Promise<KillReport> {
  const { id } = await connectDemo({ stack: { url: world.url } }, world.api, world.partner, plan.size).then((demo) => ({
    id: demo.connectionId,
  }));
  const runsOf = () => world.api.list(`/connections/${id}/runs`, RunView);
  // What a dead worker left is found by the schedule once the lease has run out.
  await waitUntil(
    "the imports to end",
    async () => {
      await world.fire();
      await sleep(1_000);
      return (await runsOf()).every((run) => run.status !== "active");
    },
    plan.waitMs,
  );
  if (plan.changes > 0) await world.idle();
  const wrong: string[] = [];
  let objects = 0;
  for (const [type, resource] of Object.entries(world.partner.demo.resourceOf)) {
    const records = new Map(
      (await world.api.list(`/connections/${id}/records/${resource}`, RecordView)).map((record) => [
        record.externalId,
        record,
      ]),
    );
    for (const object of await world.partner.client.objects(type)) {
      objects++;
      const problem = problemOf(object, records.get(object.id));
      if (problem !== null) wrong.push(`${object.id}: ${problem}`);
    }
  }
  const runs = await runsOf();
  const open = await world.api.list(`/failures?status=open&connectionId=${id}`, z.unknown());
  return {
    kills: plan.kills,
    objects,
    wrong,
    runs: runs.length,
    runsNotDone: runs.filter((run) => run.status !== "done").length,
    ...(await pagesOf(world)),
    failuresOpen: open.length,
  };
}

function problemOf(object: LedgerObject, record: RecordView | undefined): string | null {
  if (record === undefined) return "no record";
  if (!object.deleted && !isInState({ ...object, newestServed: object.revision }, record))
    return `not in revision ${object.revision}`;
  const mostWrites = object.revisionsServed + object.revisionsPerhapsServed;
  return record.version > mostWrites ? `version ${record.version} of ${mostWrites} states` : null;
}

const Entries = z.object({
  entries: z.array(z.object({ method: z.string(), template: z.string(), query: z.string(), status: z.number() })),
  next: z.number(),
  more: z.boolean(),
});

/** Full passes only: the same list under the same query twice is a page that was fetched again. */
async function pagesOf(world: WorldProcess): Promise<{ readonly pages: number; readonly pagesFetchedAgain: number }> {
  const seen = new Map<string, number>();
  let from: number | null = 0;
  while (from !== null) {
    const answer: z.infer<typeof Entries> = await world.partner.client.control(
      "GET",
      `ledger/entries?kind=answer&limit=1000&from=${from}`,
      undefined,
      Entries,
    );
    for (const { template, query, status } of answer.entries) {
      const list = status === 200 && /\/(charges|payment_intents|customers)$/.test(template);
      if (list) seen.set(`${template}?${query}`, (seen.get(`${template}?${query}`) ?? 0) + 1);
    }
    from = answer.more ? answer.next : null;
  }
  const fetched = [...seen.values()].reduce((sum, count) => sum + count, 0);
  return { pages: seen.size, pagesFetchedAgain: fetched - seen.size };
}
