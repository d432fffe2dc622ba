import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { PlayPartner, World } from "../../../lib/local/world/open-world.ts";
import type { ApiClient } from "../api-client.ts";
import { FailureView, ReplayAnswer, RunView } from "../api-shapes.ts";
import { changeAtPartner, connectDemo } from "../connect-demo.ts";
import type { DemoConnection } from "../connect-demo.ts";
import { compareRecords } from "./compare-records.ts";
import { check } from "./report.ts";
import type { Check, PartnerReport } from "./report.ts";

export interface Play {
  readonly world: World;
  readonly api: ApiClient;
  readonly partner: PlayPartner;
  /** As many as were asked for; a partner whose own limits are low gets fewer. */
  readonly webhooks: number;
  readonly say: (line: string) => void;
}

const Anything = z.unknown();
const Summary = z.object({
  violations: z.object({ total: z.number() }),
  webhooks: z.object({
    pending: z.number(),
    forgedAccepted: z.number(),
    byTrick: z.record(z.string(), z.object({ deliveries: z.number(), accepted: z.number() })),
  }),
});
type Summary = z.infer<typeof Summary>;

/** Webhooks that arrive while the partner answers its own API with nonsense. */
const brokenWebhooks = 10;
/** Answers of 500 while the honest webhooks flow: what a retry is for. */
const passingFailures = 5;

/** Plays one partner's whole part and compares at its end. */
export async function playThrough(asked: Play): Promise<PartnerReport> {
  const { world, api, partner, say } = asked;
  const play = { ...asked, webhooks: Math.min(asked.webhooks, partner.demo.webhooksMax ?? asked.webhooks) };
  const demo = await connectDemo(world, api, partner, "smoke");
  await world.fireSchedules();
  await importsEnded(play, demo);
  say(`${partner.name}: imported`);
  await sendWebhooks(play);
  await idle(play);
  say(`${partner.name}: ${play.webhooks} webhooks handled`);
  const failures = await breakAndMend(play, demo);
  await idle(play);
  say(`${partner.name}: broken, mended and replayed`);
  const summary = await summaryOf(partner);
  const records = await compareRecords(api, partner, demo.connectionId);
  const webhooks = { asked: asked.webhooks, sent: play.webhooks };
  return {
    partner: partner.name,
    webhooks,
    checks: [...records, ...failures, ...(await judgeEdges(play, demo, summary))],
  };
}

async function importsEnded({ api, partner }: Play, demo: DemoConnection): Promise<void> {
  const resources = new Set(Object.values(partner.demo.resourceOf));
  await until(`the imports of ${partner.name}`, async () => {
    const runs = await api.list(`/connections/${demo.connectionId}/runs`, RunView);
    return (
      new Set(runs.map((run) => run.resource)).size >= resources.size && runs.every((run) => run.status !== "active")
    );
  });
}

async function sendWebhooks({ partner, webhooks }: Play): Promise<void> {
  const created = Math.floor(webhooks / 10);
  const deleted = Math.floor(webhooks / 20);
  const tricks = { duplicateShare: 0.1, reorderShare: 0.1, forgeShare: 0.1 };
  await partner.client.control("POST", "misbehave", { kind: "status-500", count: passingFailures }, Anything);
  await changeAtPartner(partner, { type: "create", count: created, webhooks: tricks });
  await changeAtPartner(partner, { type: "delete", count: deleted, webhooks: tricks });
  await changeAtPartner(partner, { type: "update", count: webhooks - created - deleted, webhooks: tricks });
}

/** The partner answers nonsense for a while; each webhook of that time has to end as a failure, and its replay as a record. */
async function breakAndMend(play: Play, demo: DemoConnection): Promise<readonly Check[]> {
  const { api, partner } = play;
  const before = await openFailures(api, demo);
  await partner.client.control("POST", "misbehave", { kind: "malformed-json" }, Anything);
  const sent = (await summaryOf(partner)).webhooks;
  await changeAtPartner(partner, { type: "update", count: brokenWebhooks });
  await idle(play);
  const delivered = honest((await summaryOf(partner)).webhooks) - honest(sent);
  const broken = (await openFailures(api, demo)).filter((failure) => failure.job?.work === "webhook");
  await partner.client.control("DELETE", "misbehave", undefined, Anything);
  const open = await openFailures(api, demo);
  const replayed =
    open.length === 0
      ? { replayed: [], refused: [] }
      : await api.send("POST", "/failures/replay", { failureIds: open.map((failure) => failure.id) }, ReplayAnswer);
  await idle(play);
  return [
    check("failures before the partner broke", 0, before.length, before.map(describeFailure)),
    check("webhooks that failed while it was broken", delivered, broken.length),
    check(
      "failures replayed",
      open.length,
      replayed.replayed.length,
      replayed.refused.map(({ id, reason }) => `${id}: ${reason}`),
    ),
    check("failures left open", 0, (await openFailures(api, demo)).length),
  ];
}

async function judgeEdges({ api }: Play, demo: DemoConnection, summary: Summary): Promise<readonly Check[]> {
  const runs = await api.list(`/connections/${demo.connectionId}/runs`, RunView);
  const { byTrick, forgedAccepted, pending } = summary.webhooks;
  const sent = ["none", "duplicate", "reorder"].reduce((sum, trick) => sum + (byTrick[trick]?.deliveries ?? 0), 0);
  return [
    check("rightly signed webhooks accepted", sent, honest(summary.webhooks)),
    check("forged webhooks accepted", 0, forgedAccepted),
    check("webhooks undelivered", 0, pending),
    check("calls over the partner's limits", 0, summary.violations.total),
    check("imports not done", 0, runs.filter((run) => run.status !== "done").length),
  ];
}

function honest(webhooks: Summary["webhooks"]): number {
  return ["none", "duplicate", "reorder"].reduce((sum, trick) => sum + (webhooks.byTrick[trick]?.accepted ?? 0), 0);
}

const FailureWithJob = FailureView.extend({ job: z.object({ work: z.string() }).nullable() });
type FailureWithJob = z.infer<typeof FailureWithJob>;

/** Webhooks to a connection's own address fail under the connection. */
function openFailures(api: ApiClient, demo: DemoConnection): Promise<readonly FailureWithJob[]> {
  return api.list(`/failures?status=open&connectionId=${demo.connectionId}`, FailureWithJob);
}

function describeFailure(failure: FailureWithJob): string {
  return `${failure.id}: ${failure.code} at ${failure.place}`;
}

function summaryOf(partner: PlayPartner): Promise<Summary> {
  return partner.client.control("GET", "ledger", undefined, Summary);
}

/** Every webhook is delivered, every queue is empty and no function is running. */
async function idle({ world, partner }: Play): Promise<void> {
  await until(
    `${partner.name}'s webhooks to be delivered`,
    async () => (await summaryOf(partner)).webhooks.pending === 0,
  );
  await world.stack.idle(idleMsMax);
}

const lookEveryMs = 200;
/** Generous: a busy machine is late for its tokens, and abandons them. */
const idleMsMax = 300_000;
const looksMax = 900;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let look = 0; look < looksMax; look++) {
    if (await holds()) return;
    await sleep(lookEveryMs);
  }
  throw new Error(
    `Waited ${(looksMax * lookEveryMs) / 1000} s for ${what}; look at the functions' logs in the data folder (--data keeps it).`,
  );
}
