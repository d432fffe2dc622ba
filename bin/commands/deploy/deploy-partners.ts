import type { ApiClient } from "../api-client.ts";
import { waitUntilEmpty } from "../support/wait-until-empty.ts";
import type { DeployWorld } from "./deploy-world.ts";
import { holdSchedules, messageOf, releaseSchedules } from "./hold-schedules.ts";
import { type Verdict, verifyPartners } from "./verify-partners.ts";

export interface DeployOrder {
  readonly partners: readonly string[];
  /** Waits at most so long until nothing is under way, and then goes on. */
  readonly drainMsMax: number;
  /** Does not go on while something is. */
  readonly requireEmpty: boolean;
  readonly verifyMsMax: number;
}

export interface DeployParts {
  readonly api: ApiClient;
  readonly world: Pick<DeployWorld, "sleep">;
  /** A line for people. */
  readonly say: (line: string) => void;
  /** Whether somebody pressed Ctrl-C. */
  readonly stopped: () => boolean;
}

export interface PartnerResult {
  readonly partner: string;
  readonly verified: boolean;
  /** `stopped`: by this deploy, and still. `left`: by somebody else, and not ours to start. */
  readonly schedules: "running" | "stopped" | "left";
  readonly why: string;
}

/** Stops the schedules and waits until nothing is under way. False: nothing may be deployed, and the schedules run again. */
export async function beforeDeploy(parts: DeployParts, order: DeployOrder): Promise<boolean> {
  const { say, stopped } = parts;
  let busy: readonly string[];
  try {
    busy = await holdAndDrain(parts, order);
  } catch (error) {
    await startAgain(parts, order.partners);
    throw error;
  }
  if (stopped()) say("Stopped before anything was deployed.");
  else if (busy.length > 0) say(`Still under way in ${busy.join(", ")}.`);
  if (stopped() || (busy.length > 0 && order.requireEmpty)) {
    await startAgain(parts, order.partners);
    return false;
  }
  if (busy.length > 0) say("That is safe: runs go on from their checkpoints, and messages come back.");
  return true;
}

/** The partners that were not empty in time. What is held does not get emptier, and is not waited for. */
async function holdAndDrain({ api, world, say, stopped }: DeployParts, order: DeployOrder): Promise<readonly string[]> {
  const drained: string[] = [];
  for (const partner of order.partners) {
    const { left, standsStill } = await holdSchedules(api, partner);
    say(left ?? `${partner}: no imports are started from here on.`);
    if (standsStill === null) drained.push(partner);
    else say(`${standsStill} What waits is left to wait.`);
  }
  const shown = new Set<string>();
  const bounds = { waitMsMax: order.drainMsMax, sleep: world.sleep, stopped };
  const standings = await waitUntilEmpty(api, drained, bounds, (lines) => {
    for (const line of lines.filter((each) => !shown.has(each))) say(line);
    for (const line of lines) shown.add(line);
  });
  return standings.filter(({ empty }) => !empty).map(({ partner }) => partner);
}

async function startAgain({ api, world, say }: DeployParts, partners: readonly string[]): Promise<void> {
  for (const partner of partners) {
    const released = await releaseSchedules(api, world, partner);
    if (released.kind === "running") say(`${partner}: imports are started again.`);
    else say(`${partner}: ${released.why} ${released.kind === "failed" ? goOn(partner) : ""}`.trimEnd());
  }
}

/** Looks whether each partner is worked and well, and starts the schedules of those that are. */
export async function afterDeploy(
  { api, world, say, stopped }: DeployParts,
  order: DeployOrder,
  downBefore: readonly string[],
): Promise<readonly PartnerResult[]> {
  say("Looking whether the lanes are worked, and the partners well.");
  const bounds = { waitMsMax: order.verifyMsMax, downBefore, stopped };
  const verdicts = await verifyPartners(api, world, order.partners, bounds);
  const results: PartnerResult[] = [];
  for (const verdict of verdicts) results.push(await finish({ api, world }, verdict));
  return results;
}

async function finish({ api, world }: Pick<DeployParts, "api" | "world">, verdict: Verdict): Promise<PartnerResult> {
  const { partner, verified, why } = verdict;
  if (!verified) return { partner, verified, schedules: "stopped", why: `${why} ${goOn(partner)}` };
  const released = await releaseSchedules(api, world, partner);
  switch (released.kind) {
    case "running":
      return { partner, verified, schedules: "running", why };
    case "left":
      return { partner, verified, schedules: "left", why: released.why };
    case "failed":
      return { partner, verified, schedules: "stopped", why: `${released.why} ${goOn(partner)}` };
  }
}

function goOn(partner: string): string {
  return `To look again: sluice deploy after --partner ${partner}. To start imports all the same: sluice resume --partner ${partner}.`;
}

/** Says in one line why a command could not be run at all. */
export function cannotRun(words: readonly string[], error: unknown): string {
  return `${words.join(" ")} could not be run: ${messageOf(error)}`;
}
