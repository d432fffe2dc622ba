import type { WebhookDriver } from "../../engine/define-partner.ts";
import { fingerprintOf } from "../../engine/fingerprint.ts";
import type { Job, WebhookWork } from "../../engine/job.ts";
import type { Ports } from "../../engine/ports.ts";
import type { ReadEvent } from "./read-event.ts";

/** How long a delivery is remembered whose signature says nothing of its age. */
export const deliveryDays = 90;

/**
 * The name under which a delivery is remembered, or null where it need not be: its signature holds a time, its driver
 * cannot tell it from a later one, or it is a part of a post that is remembered as a whole. Each connection's are its own.
 */
export function deliveryKeyOf(
  webhook: WebhookDriver,
  work: WebhookWork,
  read: ReadEvent,
  connectionId: string | null,
): string | null {
  if (webhook.isReplayable !== true || work.partOf !== undefined) return null;
  const key = webhook.dedupeKey(read.event, read.facts);
  return key === null ? null : fingerprintOf([connectionId ?? "-", key]);
}

/** Whether it was worked to its end before. What a person replays is wanted again. */
export async function wasWorked(ports: Pick<Ports, "deliveries">, job: Job, key: string | null): Promise<boolean> {
  return key !== null && job.replayOf === null && (await ports.deliveries.isDone(job.partner, key));
}

/**
 * Only after the last effect, or after what remains was sent on: marked any earlier, a worker's death would lose it. Dying
 * before this means that everything is fetched again, which writes nothing twice.
 */
export async function markWorked(
  ports: Pick<Ports, "deliveries" | "clock">,
  job: Job,
  key: string | null,
): Promise<void> {
  if (key === null) return;
  await ports.deliveries.markDone(job.partner, key, ports.clock.nowMs() + deliveryDays * 86_400_000);
}
