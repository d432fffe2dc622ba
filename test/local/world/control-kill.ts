import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { createApiClient } from "../../../bin/commands/api-client.ts";
import type { ApiClient } from "../../../bin/commands/api-client.ts";
import { changeAtPartner, connectDemo } from "../../../bin/commands/connect-demo.ts";
import { compareRecords } from "../../../bin/commands/smoke/compare-records.ts";
import { synthesise } from "../../../bin/commands/synthesise.ts";
import { openWorld } from "../../../lib/local/world/open-world.ts";
import type { PlayPartner, World } from "../../../lib/local/world/open-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";
import { smallPartner, Stage } from "./held-partner.ts";

const root = join(import.meta.dirname, "../../..");
const functionName = "sluice-local-stripe-partner-control";
/** How long an invocation takes from a cold start on, before one was measured. */
const lifeMsFirst = 1_000;
const Anything = z.unknown();
const Control = z.looseObject({ held: z.array(z.looseObject({ what: z.string() })) });

export interface ControlKillReport {
  readonly kills: number;
  /** Of them, those that came while an invocation was under way. */
  readonly midway: number;
  readonly heldMs: number;
  /** When the partner was called while it was held, after those who were on their way had come: milliseconds after that. */
  readonly callsWhileHeldMs: readonly number[];
  readonly states: readonly (string | undefined)[];
  readonly held: readonly string[];
  /** Checks of the records that do not agree. */
  readonly wrong: readonly string[];
  readonly failures: number;
}

export interface ControlKillPlan {
  readonly heldMs: number;
  /** Changes at the partner while it is held, each with its webhook. */
  readonly backlog: number;
  readonly patienceMs: number;
}

/**
 * Kills the process of partner-control again and again at any moment: while its partner goes down, is held, is probed and
 * comes back. Then it is let alone, and everything must come right.
 */
export async function killControl(plan: ControlKillPlan): Promise<ControlKillReport> {
  const folder = temporaryFolder();
  const cdkOutDir = join(folder, "cdk.out");
  await synthesise(root, cdkOutDir);
  const world = await openWorld({
    cdkOutDir,
    stage: "local",
    dataDir: join(folder, "data"),
    port: 0,
    sandboxes: true,
  });
  try {
    return await tell(world, plan);
  } finally {
    await world.stop();
  }
}

async function tell(world: World, plan: ControlKillPlan): Promise<ControlKillReport> {
  const partner = smallPartner(world);
  const stage = new Stage(world);
  const killer = new Killer(world);
  const api = createApiClient(world.stack.url, world.apiKey);
  const { connectionId } = await connectDemo(world, api, partner, "smoke");
  await world.fireSchedules();
  await world.stack.idle(plan.patienceMs);
  const allAre = async (wanted: string): Promise<boolean> => (await stage.states()).every((state) => state === wanted);

  await partner.client.control("POST", "misbehave", { kind: "status-500" }, Anything);
  await changeAtPartner(partner, { type: "update", count: 60 });
  await killer.until("the mappings to be off", () => allAre("Disabled"), plan.patienceMs);
  // Those who had work in hand when the mappings went off.
  await killer.forMs(15_000);

  const sinceMs = Date.now();
  await changeAtPartner(partner, { type: "update", count: plan.backlog });
  await killer.forMs(plan.heldMs);
  const heldMs = Date.now() - sinceMs;
  const isStillHeld = await allAre("Disabled");
  const callsWhileHeldMs = (await callTimes(partner, sinceMs)).map((atMs) => atMs - sinceMs);

  await partner.client.control("DELETE", "misbehave", undefined, Anything);
  await killer.until("the mappings to be on", () => allAre("Enabled"), plan.patienceMs);
  await killer.forMs(20_000);

  // From here on nobody dies.
  let wrong: readonly string[] = [];
  const isRight = async (): Promise<boolean> => {
    await stage.control();
    await world.stack.idle(plan.patienceMs);
    wrong = await wrongOf(api, partner, connectionId);
    return wrong.length === 0;
  };
  await waitUntil("all records to be right", isRight, plan.patienceMs).catch(() => undefined);
  const { held } = await api.get("/partners/stripe/drain", Control);
  return {
    ...killer.report(),
    heldMs,
    callsWhileHeldMs: isStillHeld ? callsWhileHeldMs : [...callsWhileHeldMs, Number.NaN],
    states: await stage.states(),
    held: held.map(({ what }) => what),
    wrong,
    failures: (await api.list("/failures", Anything)).length,
  };
}

/**
 * Invokes partner-control and kills its process a random while later, so that deaths fall on all of a start and of its work;
 * every fourth time it lives, and tells how long that takes.
 */
class Killer {
  readonly #world: World;
  #rounds = 0;
  #kills = 0;
  #midway = 0;
  #lifeMs = lifeMsFirst;

  constructor(world: World) {
    this.#world = world;
  }

  report(): { readonly kills: number; readonly midway: number } {
    return { kills: this.#kills, midway: this.#midway };
  }

  async until(what: string, condition: () => Promise<boolean>, patienceMs: number): Promise<void> {
    const endMs = Date.now() + patienceMs;
    while (!(await condition())) {
      if (Date.now() > endMs) throw new Error(`Waited ${patienceMs} ms in vain for ${what}.`);
      await this.#round();
    }
  }

  async forMs(durationMs: number): Promise<void> {
    const endMs = Date.now() + durationMs;
    while (Date.now() < endMs) await this.#round();
  }

  async #round(): Promise<void> {
    const startedMs = Date.now();
    let isUnderWay = true;
    // As the schedule does, without its second and third try: the next round is one.
    const invoked = this.#world.stack.host.invoke(functionName, {}, { background: true }).finally(() => {
      isUnderWay = false;
    });
    const lives = this.#rounds++ % 4 === 3;
    if (!lives) {
      await sleep(randomInt(0, Math.ceil(this.#lifeMs * 1.1)));
      for (const pid of processesOf(functionName)) {
        if (isUnderWay) this.#midway += 1;
        this.#kills += 1;
        process.kill(pid, "SIGKILL");
      }
    }
    await invoked;
    if (lives) this.#lifeMs = Date.now() - startedMs;
  }
}

/** Own children that run a function, by the variable that names it: the stack runs in this process. */
function processesOf(name: string): readonly number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && isOwnChild(entry) && environmentOf(entry).includes(name))
    .map(Number);
}

function isOwnChild(pid: string): boolean {
  return new RegExp(`^PPid:\\s+${process.pid}$`, "m").test(readOrNothing(`/proc/${pid}/status`));
}

function environmentOf(pid: string): readonly string[] {
  const prefix = "AWS_LAMBDA_FUNCTION_NAME=";
  return readOrNothing(`/proc/${pid}/environ`)
    .split("\0")
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length));
}

/** A process may end while it is looked at. */
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const Entries = z.object({
  entries: z.array(z.object({ atMs: z.number() })),
  next: z.number(),
  more: z.boolean(),
});

async function callTimes(partner: PlayPartner, sinceMs: number): Promise<readonly number[]> {
  const times: number[] = [];
  let from: number | null = 0;
  while (from !== null) {
    const path = `ledger/entries?kind=answer&limit=1000&from=${from}`;
    const answer: z.infer<typeof Entries> = await partner.client.control("GET", path, undefined, Entries);
    times.push(...answer.entries.map(({ atMs }) => atMs).filter((atMs) => atMs >= sinceMs));
    from = answer.more ? answer.next : null;
  }
  return times;
}

async function wrongOf(api: ApiClient, partner: PlayPartner, connectionId: string): Promise<readonly string[]> {
  const checks = await compareRecords(api, partner, connectionId);
  return checks.filter(({ agrees, what }) => !agrees && !what.includes("written once")).map(({ what }) => what);
}
