import type { Job } from "../../../lib/engine/job.ts";
import type { AcceptedWebhook } from "../world/events.ts";
import type { World } from "../world/world.ts";
import type { InvariantOf } from "./invariant.ts";

/** Our clocks differ by less. */
const clocksMsMax = 1_000;

/** What an accepted webhook names was fetched on its behalf after it came, or stands as an open failure. */
export const webhooksAreReflected: InvariantOf = (world, broken) => {
  const accepted: AcceptedWebhook[] = [];
  const fetchedAtMs = new Map<string, number>();
  /** Webhooks older than this were skipped on purpose: what a full pass brings reflects them. */
  const purgedUntilMs = new Map<string, number>();
  return {
    observe(event) {
      if (event.kind === "webhook-accepted") {
        accepted.push(event.webhook);
        world.ground.coverage.count("webhook accepted");
      }
      if (event.kind === "control-stored") {
        const marks = event.after.staleBefore.map(({ atMs }) => atMs);
        purgedUntilMs.set(event.after.partner, Math.max(purgedUntilMs.get(event.after.partner) ?? 0, ...marks));
      }
      if (event.kind !== "thing-delivered" || !event.worker.includes("-webhooks-")) return;
      const key = keyOf(event.thing);
      fetchedAtMs.set(key, Math.max(event.askedAtMs, fetchedAtMs.get(key) ?? 0));
    },
    conclude() {
      for (const webhook of accepted) {
        for (const { externalId } of webhook.things) {
          const { partner, connectionId, atMs } = webhook;
          if ((fetchedAtMs.get(keyOf({ partner, connectionId, externalId })) ?? -Infinity) >= atMs) continue;
          if (atMs - clocksMsMax < (purgedUntilMs.get(partner) ?? 0)) continue;
          if (standsAsFailure(world, connectionId, externalId)) continue;
          const secondsAgo = Math.round((world.ground.loop.nowMs() - atMs) / 1_000);
          broken(`${partner} ${externalId}: named by a webhook accepted ${secondsAgo} s ago and never fetched since`);
        }
      }
    },
  };
};

function standsAsFailure(world: World, connectionId: string, externalId: string): boolean {
  return world.stores.failures
    .all()
    .some(
      ({ status, job }) =>
        status === "open" &&
        (job?.connectionId === null || job?.connectionId === connectionId) &&
        wordsOf(world, job).includes(externalId),
    );
}

/** What a job names, in its message or beside it. */
function wordsOf({ stores }: World, job: Job | null): string {
  if (job?.work.kind !== "webhook" || job.work.body.kind !== "claim") return JSON.stringify(job?.work ?? "");
  return new TextDecoder().decode(stores.claims.bodies.get(job.work.body.key));
}

function keyOf(thing: {
  readonly partner: string;
  readonly connectionId: string;
  readonly externalId: string;
}): string {
  return `${thing.partner} ${thing.connectionId} ${thing.externalId}`;
}
