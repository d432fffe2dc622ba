import type { ApiClient } from "../api-client.ts";
import { readStanding } from "../support/partner-api.ts";
import type { PartnerStanding } from "../support/partner-shapes.ts";
import { StatusView } from "../support/shapes.ts";
import { lookEveryMs } from "../support/wait-until-empty.ts";
import type { DeployWorld } from "./deploy-world.ts";
import { messageOf } from "./hold-schedules.ts";

export interface Verdict {
  readonly partner: string;
  readonly verified: boolean;
  readonly why: string;
}

export interface VerifyBounds {
  readonly waitMsMax: number;
  /** A deploy is not to blame for what was down already. */
  readonly downBefore: readonly string[];
  readonly stopped: () => boolean;
}

/** Waits until each partner's lanes were worked since now, by the API's own clock, and says of each whether it is well. */
export async function verifyPartners(
  api: ApiClient,
  world: Pick<DeployWorld, "sleep">,
  partners: readonly string[],
  bounds: VerifyBounds,
): Promise<readonly Verdict[]> {
  const began = new Map<string, string>();
  const looksMax = Math.ceil(bounds.waitMsMax / lookEveryMs);
  let verdicts: readonly Verdict[] = partners.map((partner) => ({ partner, verified: false, why: "" }));
  for (let look = 0; ; look++) {
    verdicts = await Promise.all(
      verdicts.map(async (verdict) => (verdict.verified ? verdict : lookAt(api, verdict.partner, began))),
    );
    if (look >= looksMax || bounds.stopped() || verdicts.every(({ verified }) => verified)) break;
    await world.sleep(lookEveryMs);
  }
  return judgeHealth(api, verdicts, bounds.downBefore);
}

/** Partners of which nothing works. */
export async function partnersDown(api: ApiClient): Promise<readonly string[]> {
  const { partners } = await api.get("/status", StatusView);
  return partners.filter(({ health }) => health === "down").map(({ partner }) => partner);
}

async function lookAt(api: ApiClient, partner: string, began: Map<string, string>): Promise<Verdict> {
  try {
    const standing = await readStanding(api, partner);
    const since = began.get(partner) ?? standing.at;
    began.set(partner, since);
    return workedSince(standing, since);
  } catch (error) {
    // The API itself may have been deployed a moment ago: it is asked again.
    return { partner, verified: false, why: `The API did not say how it stands: ${messageOf(error)}.` };
  }
}

/** What stands still on purpose cannot be seen to work: that is as it was before, and no reason to stop more. */
function workedSince({ partner, held, canaries }: PartnerStanding, since: string): Verdict {
  const stopping = held.find(({ what }) => what !== "draining");
  if (stopping !== undefined)
    return { partner, verified: true, why: `Not looked at, its lanes stand still: ${stopping.why}` };
  const idle = Object.entries(canaries)
    .filter(([, canary]) => canary === null || Date.parse(canary.consumedAt) <= Date.parse(since))
    .map(([lane]) => lane);
  if (idle.length === 0)
    return { partner, verified: true, why: "Its lanes are worked, and it is no worse than before." };
  return { partner, verified: false, why: `Nothing was worked on ${idle.join(" and ")} since the deploy.` };
}

async function judgeHealth(
  api: ApiClient,
  verdicts: readonly Verdict[],
  downBefore: readonly string[],
): Promise<readonly Verdict[]> {
  try {
    const down = (await partnersDown(api)).filter((partner) => !downBefore.includes(partner));
    const why = "It is down, and is not known to have been so before: sluice status says why.";
    return verdicts.map((verdict) => (down.includes(verdict.partner) ? { ...verdict, verified: false, why } : verdict));
  } catch (error) {
    const why = `The API does not tell its status: ${messageOf(error)}.`;
    return verdicts.map((verdict) => ({ ...verdict, verified: false, why }));
  }
}
