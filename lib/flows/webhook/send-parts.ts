import type { PartnerDriver, WebhookPart } from "../../engine/define-partner.ts";
import { fingerprintOf } from "../../engine/fingerprint.ts";
import type { Job, WebhookWork } from "../../engine/job.ts";
import { mapBounded } from "../../engine/map-bounded.ts";
import type { Ports } from "../../engine/ports.ts";
import { done } from "../outcome.ts";
import type { Outcome } from "../outcome.ts";
import { failedWebhook } from "./failed-webhook.ts";
import { countDropped, findOwner } from "./find-owner.ts";
import type { Dropped } from "./find-owner.ts";

export type PartsPorts = Pick<Ports, "claims" | "connections" | "lanes" | "log" | "metrics">;

/** Bounds what one body makes us look up and send. */
const partsMax = 1_000;
const atOnce = 10;
/** As much as a message holds, when JSON's escapes make six bytes of each. */
const inlineBytesMax = 160 * 1024;

/**
 * Sends each account's part of one post to its own connection as a job of its own, so that one tenant waits, fails and is
 * replayed without the others and no failure holds another's data. All owners are found before anything is sent. The
 * jobs' ids follow from their content: whoever dies half-way sends the same jobs again, and the same thing written twice is
 * written once.
 */
export async function sendParts(
  ports: PartsPorts,
  driver: PartnerDriver,
  job: Job,
  work: WebhookWork,
  parts: readonly WebhookPart[],
): Promise<Outcome> {
  if (parts.length > partsMax) {
    const toDo =
      "Nothing of it was followed. Ask the partner for smaller posts; synchronise the connections, then discard.";
    return failedWebhook(driver, "too-many-parts", `at most ${partsMax} accounts`, `${parts.length}`, toDo);
  }
  const owners = await mapBounded(parts, atOnce, async (part) => {
    const owner = await findOwner(ports, driver, job.connectionId, part.account);
    return { part, owner };
  });
  const jobs: { part: WebhookPart; connectionId: string }[] = [];
  const dropped: Dropped[] = [];
  for (const { part, owner } of owners) {
    if (owner.kind === "failed") return owner;
    if (owner.kind === "found") jobs.push({ part, connectionId: owner.connection.connectionId });
    else dropped.push(owner.kind);
  }
  await mapBounded(jobs, atOnce, async ({ part, connectionId }) => {
    await ports.lanes.send(await partJob(ports, job, work, part, connectionId), 0);
  });
  countDropped(ports, driver, job.id, dropped);
  ports.metrics.count("WebhookParts", jobs.length, { partner: driver.name });
  return done;
}

async function partJob(
  ports: Pick<Ports, "claims">,
  job: Job,
  work: WebhookWork,
  part: WebhookPart,
  connectionId: string,
): Promise<Job> {
  const text = JSON.stringify(part.event);
  const bytes = new TextEncoder().encode(text);
  const isLarge = bytes.byteLength > inlineBytesMax;
  const body: WebhookWork["body"] = isLarge
    ? {
        kind: "claim",
        key: await ports.claims.put({ partner: job.partner, connectionId }, bytes),
        bytes: bytes.byteLength,
      }
    : { kind: "text", text };
  return {
    ...job,
    id: `webhook-part-${fingerprintOf([job.id, part.account, text])}`,
    connectionId,
    attempts: 0,
    hops: 0,
    replayOf: null,
    work: { ...work, partOf: job.id, body },
  };
}
