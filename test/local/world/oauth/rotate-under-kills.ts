import { randomInt } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { RecordView } from "../../../../bin/commands/api-shapes.ts";
import { changeAtPartner, connectDemo } from "../../../../bin/commands/connect-demo.ts";
import { isInState } from "../../../../bin/commands/smoke/compare-records.ts";
import type { PlayPartner } from "../../../../lib/local/world/open-world.ts";
import { waitUntil } from "../../support/wait.ts";
import { startWorld, synthesiseInto } from "../world-process.ts";
import type { WorldProcess } from "../world-process.ts";

export interface RotationPlan {
  readonly folder: string;
  /** In turn: right after the partner has rotated and before anybody could store it; and by chance, soon after it has answered. */
  readonly kills: number;
  readonly accessSeconds: number;
  /** How long a spent refresh token gets its answer again; 0: never. */
  readonly graceSeconds: number;
}

export interface RotationReport {
  readonly kills: number;
  readonly status: string;
  readonly statusReason: string | null;
  /** Expiries that were met by exactly one exchange. */
  readonly refreshes: number;
  /** The same token once more, because its answer was lost. */
  readonly replays: number;
  readonly replaysOfOneMax: number;
  /** Exchanges before the last sixth of a token's life had come near. */
  readonly early: number;
  readonly reused: number;
  /** Objects that are not in their newest state. */
  readonly wrong: readonly string[];
  readonly objects: number;
}

const tokenPath = "/oauth2/v1/tokens/bearer";
const lifeMsMax = 6_000;
/** The lease of a worker that was killed stands for 75 seconds, and a machine may be slow. */
const askedMsMax = 300_000;
const changesALife = 6;
const Anything = z.unknown();
const Connection = z.object({ id: z.string(), status: z.string(), statusReason: z.string().nullish() });
const Ledger = z.object({
  events: z.array(z.object({ kind: z.string(), generation: z.number(), atMs: z.number() })),
});
type Event = z.infer<typeof Ledger>["events"][number];

/** Kills the whole stack again and again while its one connection lives on refresh tokens that are good once. */
export async function rotateUnderKills(plan: RotationPlan): Promise<RotationReport> {
  const cdkOutDir = join(plan.folder, "cdk.out");
  const dataDir = join(plan.folder, "data");
  await synthesiseInto(cdkOutDir);
  const start = async (): Promise<WorldProcess> => {
    const world = await startWorld(cdkOutDir, dataDir, "quickbooks");
    const { accessSeconds, graceSeconds } = plan;
    await world.partner.client.control("POST", "oauth/lives", { accessSeconds, graceSeconds }, Anything);
    await connectDemo({ stack: { url: world.url } }, world.api, smallPartner(world), "smoke");
    return world;
  };
  for (let kill = 0; kill < plan.kills; kill++) {
    const world = await start();
    const isAimed = kill % 2 === 0;
    // The partner rotates, and its answer never comes.
    if (isAimed) await loseNextAnswer(world);
    const before = (await ledgerOf(world)).length;
    await changeAtPartner(world.partner, { type: "update", count: changesALife });
    await waitUntil("the partner to be asked", async () => (await ledgerOf(world)).length > before, askedMsMax);
    if (!isAimed) await sleep(randomInt(lifeMsMax));
    await world.kill();
  }
  const world = await start();
  try {
    return await finish(world, plan);
  } finally {
    await world.kill();
  }
}

function loseNextAnswer({ partner }: WorldProcess): Promise<unknown> {
  const asked = { kind: "timeout", effect: "applied", match: tokenPath, method: "POST", count: 1 };
  return partner.client.control("POST", "misbehave", asked, Anything);
}

/** What the company holds at first is no matter here. */
function smallPartner({ partner }: WorldProcess): PlayPartner {
  const { demo } = partner;
  const seed = { customers: 20, invoices: 20, payments: 20 };
  return { ...partner, demo: { ...demo, account: () => ({ ...demo.account("smoke"), seed }) } };
}

async function ledgerOf({ partner }: WorldProcess): Promise<readonly Event[]> {
  const { events } = await partner.client.control("GET", "oauth", undefined, Ledger);
  return events;
}

async function connectionOf({ api }: WorldProcess): Promise<z.infer<typeof Connection>> {
  const [connection] = await api.list("/connections?tenantId=demo", Connection);
  if (connection === undefined) throw new Error("no connection");
  return connection;
}

async function finish(world: WorldProcess, plan: RotationPlan): Promise<RotationReport> {
  await world.fire();
  await world.idle();
  // Everything must still work by itself: what changes now comes by a webhook, on a token that is newer than the last kill.
  await sleep(plan.accessSeconds * 1_000);
  await changeAtPartner(world.partner, { type: "update", count: changesALife });
  await world.idle();
  const { id, status, statusReason } = await connectionOf(world);
  if (status === "needs-reconnect") await reconnect(world, id);
  const { wrong, objects } = await settled(world, id);
  const events = await ledgerOf(world);
  const of = (kind: string): readonly Event[] => events.filter((event) => event.kind === kind);
  const replays = Map.groupBy(of("replay"), ({ generation }) => generation);
  return {
    kills: plan.kills,
    status,
    statusReason: statusReason ?? null,
    refreshes: of("refresh").length,
    replays: of("replay").length,
    replaysOfOneMax: Math.max(0, ...[...replays.values()].map((all) => all.length)),
    early: earlyOf(of("refresh"), plan.accessSeconds),
    reused: of("refresh-reused").length,
    wrong,
    objects,
  };
}

/** What a person does then; what waited for it goes on. */
async function reconnect(world: WorldProcess, id: string): Promise<void> {
  const { client, demo } = world.partner;
  const credential = await client.control("POST", "oauth/grants", demo.grant, Anything);
  await world.api.send("POST", `/connections/${id}/credential`, { credential }, Anything);
  await waitUntil("the connection to be back", async () => (await connectionOf(world)).status === "active", askedMsMax);
}

const looksMax = 30;

/** What waited for a credential is taken up by schedules, a little after there is one. */
async function settled(world: WorldProcess, id: string): ReturnType<typeof compare> {
  let found = await compare(world, id);
  for (let look = 0; look < looksMax && found.wrong.length > 0; look++) {
    await world.fire();
    await world.idle();
    await sleep(1_000);
    found = await compare(world, id);
  }
  return found;
}

/** A fifth of its life before its end a token is renewed; the demonstration's own came without one and is renewed at once. */
function earlyOf(refreshes: readonly Event[], accessSeconds: number): number {
  return refreshes.filter(({ atMs, generation }) => {
    const former = refreshes.find((each) => each.generation === generation - 1);
    return former !== undefined && atMs - former.atMs < accessSeconds * 1_000 * 0.75;
  }).length;
}

async function compare(
  { api, partner }: WorldProcess,
  connectionId: string,
): Promise<{ readonly wrong: readonly string[]; readonly objects: number }> {
  const wrong: string[] = [];
  let count = 0;
  for (const [type, resource] of Object.entries(partner.demo.resourceOf)) {
    const records = await api.list(`/connections/${connectionId}/records/${resource}`, RecordView);
    for (const object of await partner.client.objects(type)) {
      count++;
      const record = records.find(({ externalId }) => externalId === object.id);
      if (!isInState(object, record)) wrong.push(`${resource} ${object.id}`);
    }
  }
  return { wrong, objects: count };
}
