import type { ApiClient } from "../api-client.ts";
import { changePartner, readStanding } from "../support/partner-api.ts";
import type { PartnerStanding } from "../support/partner-shapes.ts";
import type { DeployWorld } from "./deploy-world.ts";

/** Whose hold it is: another run of a deploy takes it over, and nobody else's is ended by one. */
const by = "deploy";
const triesMax = 5;
const againMs = 2_000;

export interface Held {
  readonly partner: string;
  /** Why its schedules are not a deploy's to start; null when they are. */
  readonly left: string | null;
  /** Why its lanes stand still, and so get no emptier; null when they are worked. */
  readonly standsStill: string | null;
}

/** Stops a partner's schedules; those that somebody stopped already stay that somebody's. */
export async function holdSchedules(api: ApiClient, partner: string): Promise<Held> {
  return heldOf(await changePartner(api, partner, "drain", { reason: "a deploy", by }));
}

export type Released = { readonly kind: "running" } | { readonly kind: "left" | "failed"; readonly why: string };

/** Starts the schedules that a deploy stopped. Never rejects: what cannot be started must not keep the others from it. */
export async function releaseSchedules(
  api: ApiClient,
  world: Pick<DeployWorld, "sleep">,
  partner: string,
): Promise<Released> {
  for (let tries = 1; ; tries++) {
    try {
      const { left } = heldOf(await readStanding(api, partner));
      if (left !== null) return { kind: "left", why: left };
      await changePartner(api, partner, "resume", { what: "schedules", by });
      return { kind: "running" };
    } catch (error) {
      if (tries >= triesMax) return { kind: "failed", why: messageOf(error) };
      // The API itself may be in the middle of being deployed.
      await world.sleep(againMs);
    }
  }
}

function heldOf({ partner, held }: PartnerStanding): Held {
  const stopping = held.find(({ what }) => what !== "draining");
  const draining = held.find(({ what }) => what === "draining");
  const left = draining !== undefined && draining.by !== by ? draining.why : null;
  return { partner, left, standsStill: stopping?.why ?? null };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
