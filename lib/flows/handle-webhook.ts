import type { PartnerDriver, Touched, WebhookDriver } from "../engine/define-partner.ts";
import type { Job, WebhookWork } from "../engine/job.ts";
import type { Connection, Ports } from "../engine/ports.ts";
import { isPurgedFor } from "../engine/purge.ts";
import { refreshJob } from "../engine/refresh-job.ts";
import type { CallPorts } from "./call-partner.ts";
import { fetchNamed } from "./fetch-named.ts";
import { fetchRelated } from "./fetch-related.ts";
import { isHeld, waitForPerson } from "./held.ts";
import { done } from "./outcome.ts";
import type { Outcome, WorkContext } from "./outcome.ts";
import { parkChildren } from "./park-children.ts";
import type { SavePorts } from "./save-records.ts";
import { deliveryKeyOf, markWorked, wasWorked } from "./webhook/delivery-mark.ts";
import { failedWebhook } from "./webhook/failed-webhook.ts";
import { countDropped, findOwner } from "./webhook/find-owner.ts";
import { heedRevocation } from "./webhook/heed-revocation.ts";
import { readEvent } from "./webhook/read-event.ts";
import type { ReadEvent } from "./webhook/read-event.ts";
import { sendParts } from "./webhook/send-parts.ts";
import type { PartsPorts } from "./webhook/send-parts.ts";

export type WebhookPorts = CallPorts & SavePorts & PartsPorts & Pick<Ports, "deliveries">;

/** More than any partner puts into one event; bounds what a signed body can make us do. */
const touchedMax = 1_000;

/**
 * Reads what a verified webhook names and fetches each thing again: order and age of payloads then do not matter. A post that
 * holds several accounts' events is parted first, each account's for itself.
 */
export async function handleWebhook(
  ports: WebhookPorts,
  driver: PartnerDriver,
  job: Job,
  work: WebhookWork,
  context: WorkContext,
): Promise<Outcome> {
  const { webhook } = driver;
  if (webhook === undefined) {
    const toDo = "Its driver has none: discard the failure or add them.";
    return failedWebhook(driver, "no-webhooks", "a driver with webhooks", "none", toDo);
  }
  const read = await readEvent(ports, driver, webhook, work);
  if (read.kind === "failed") return read;
  const parts = work.partOf === undefined ? webhook.split?.(read.event, read.facts) : undefined;
  if (parts !== undefined && parts.length !== 1) {
    return once(ports, driver, job, deliveryKeyOf(webhook, work, read, job.connectionId), () =>
      sendParts(ports, driver, job, work, parts),
    );
  }
  const account = parts?.[0]?.account ?? webhook.account?.(read.event, read.facts) ?? null;
  const owner = await findOwner(ports, driver, job.connectionId, account);
  if (owner.kind === "failed") return owner;
  if (owner.kind !== "found") {
    countDropped(ports, driver, job.id, [owner.kind]);
    return done;
  }
  const { connection } = owner;
  const outcome = await once(ports, driver, job, deliveryKeyOf(webhook, work, read, connection.connectionId), () =>
    followEvent(ports, driver, webhook, { connection, read, job, context }),
  );
  // From here on it is that connection's: what waits waits with it, and its failure is its tenant's to see and to erase.
  return outcome.kind === "done" ? outcome : { ...outcome, connectionId: connection.connectionId };
}

/** Skips what was worked before, and remembers what is done, where the driver's deliveries are remembered at all. */
async function once(
  ports: WebhookPorts,
  driver: PartnerDriver,
  job: Job,
  key: string | null,
  effect: () => Promise<Outcome>,
): Promise<Outcome> {
  if (await wasWorked(ports, job, key)) {
    ports.metrics.count("WebhooksRepeated", 1, { partner: driver.name });
    return done;
  }
  const outcome = await effect();
  if (outcome.kind === "done") await markWorked(ports, job, key);
  return outcome;
}

interface Following {
  readonly connection: Connection;
  readonly read: ReadEvent;
  readonly job: Job;
  readonly context: WorkContext;
}

async function followEvent(
  ports: WebhookPorts,
  driver: PartnerDriver,
  webhook: WebhookDriver,
  { connection, read, job, context }: Following,
): Promise<Outcome> {
  if (connection.status !== "active") return waitForPerson(connection.status, ports.clock.nowMs());
  if (webhook.revokes?.(read.event, read.facts) === true) {
    const heeded = await heedRevocation(ports, driver, connection, { lane: job.lane, deadlineMs: context.deadlineMs });
    if (heeded !== "stands") return heeded;
  }
  const named = webhook.touches(read.event, read.facts);
  if (named.length > touchedMax) {
    const toDo = "Nothing of it was followed: synchronise the connection; then discard the failure.";
    return failedWebhook(driver, "too-many-touches", `at most ${touchedMax} things`, `${named.length}`, toDo);
  }
  const touched = await unpurged(ports, job, named);
  if (named.length === 0) ports.metrics.count("WebhooksIgnored", 1, { partner: driver.name });
  for (const [index, thing] of touched.entries()) {
    const outcome = await fetchTouched(ports, driver, connection, thing, job, context);
    if (outcome.kind === "done") continue;
    if (outcome.kind === "wait" && index === 0 && isHeld(outcome.reason)) return outcome;
    if (touched.length === 1) return outcome;
    // Each of the rest by itself: the whole webhook again would fetch again what it has, and might never get to its end.
    await sendRefreshes(ports, connection, touched.slice(index), job);
    return done;
  }
  return done;
}

/** What is not of a resource that was purged since the webhook came: a fresh import tells of that. */
async function unpurged(ports: WebhookPorts, job: Job, named: readonly Touched[]): Promise<readonly Touched[]> {
  const { staleBefore } = await ports.control.read(job.partner, null);
  const touched = named.filter(({ resource }) => !isPurgedFor(staleBefore, job, resource));
  const purged = named.length - touched.length;
  if (purged > 0) ports.metrics.count("TouchesPurged", purged, { partner: job.partner });
  return touched;
}

async function sendRefreshes(
  ports: WebhookPorts,
  connection: Connection,
  things: readonly Touched[],
  job: Job,
): Promise<void> {
  const { partner, connectionId } = connection;
  for (const { resource, externalId } of things) {
    await ports.lanes.send(
      refreshJob({ partner, connectionId, resource, externalId, trace: job.trace }, ports.clock.nowMs()),
      0,
    );
  }
}

async function fetchTouched(
  ports: WebhookPorts,
  driver: PartnerDriver,
  connection: Connection,
  thing: Touched,
  job: Job,
  context: WorkContext,
): Promise<Outcome> {
  const resource = driver.resources[thing.resource];
  if (resource === undefined) {
    const toDo = "Mend the driver's `touches`.";
    return failedWebhook(driver, "unknown-resource", "a resource of the driver", thing.resource, toDo);
  }
  const target = {
    driver,
    connection,
    resourceName: thing.resource,
    resource,
    source: { kind: "webhook", id: job.id },
    trace: job.trace,
  } as const;
  // What an earlier try wrote before it was stopped counts as changed.
  const limits = { lane: job.lane, deadlineMs: context.deadlineMs, writtenSinceMs: job.createdAtMs };
  const result = await fetchNamed(ports, target, thing.externalId, limits);
  if (result.kind === "wait") return result;
  if (result.kind === "failed") return { kind: "failed", error: result.error, place: `${thing.resource} one` };
  for (const { ask, error } of result.refused) await parkChildren(ports, target, ask, error);
  await fetchRelated(ports, target, [result.raw], limits);
  return done;
}
