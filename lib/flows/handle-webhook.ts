import type { PartnerDriver, Touched, WebhookDriver } from "../engine/define-partner.ts";
import { dataFailure } from "../engine/data-failure.ts";
import { PartnerError } from "../engine/errors.ts";
import { parseJson } from "../engine/parse-json.ts";
import type { Job, WebhookWork } from "../engine/job.ts";
import type { Connection, Ports } from "../engine/ports.ts";
import type { CallPorts } from "./call-partner.ts";
import { isPurgedFor } from "../engine/purge.ts";
import { refreshJob } from "../engine/refresh-job.ts";
import { fetchNamed } from "./fetch-named.ts";
import { fetchRelated } from "./fetch-related.ts";
import { isHeld, waitForPerson } from "./held.ts";
import { done } from "./outcome.ts";
import type { Outcome, WorkContext } from "./outcome.ts";
import { parkChildren } from "./park-children.ts";
import type { SavePorts } from "./save-records.ts";

export type WebhookPorts = CallPorts & SavePorts & Pick<Ports, "claims" | "connections" | "lanes">;

const place = "webhook";
/** More than any partner puts into one event; bounds what a signed body can make us do. */
const touchedMax = 1_000;

/** Reads what a verified webhook names and fetches each thing again: order and age of payloads then do not matter. */
export async function handleWebhook(
  ports: WebhookPorts,
  driver: PartnerDriver,
  job: Job,
  work: WebhookWork,
  context: WorkContext,
): Promise<Outcome> {
  const { webhook } = driver;
  if (webhook === undefined)
    return failed(
      driver,
      "no-webhooks",
      "a driver with webhooks",
      "none",
      "Its driver has none: discard the failure or add them.",
    );
  const event = await readEvent(ports, driver, webhook, work);
  if (event.kind === "failed") return event;
  const found = await findConnection(ports, driver, webhook, job, event.event);
  if (found.kind === "failed") return found;
  if (found.kind === "gone") {
    ports.metrics.count("JobsOfGone", 1, { partner: driver.name });
    return done;
  }
  const { connection } = found;
  if (connection.status !== "active") return heldFor(connection, waitForPerson(connection.status, ports.clock.nowMs()));
  const named = webhook.touches(event.event).slice(0, touchedMax);
  const touched = await unpurged(ports, job, named);
  if (named.length === 0) ports.metrics.count("WebhooksIgnored", 1, { partner: driver.name });
  for (const [index, thing] of touched.entries()) {
    const outcome = await fetchTouched(ports, driver, connection, thing, job, context);
    if (outcome.kind === "done") continue;
    if (outcome.kind === "wait" && index === 0 && isHeld(outcome.reason)) return heldFor(connection, outcome);
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
  if (resource === undefined)
    return failed(
      driver,
      "unknown-resource",
      "a resource of the driver",
      thing.resource,
      "Mend the driver's `touches`.",
    );
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

type Failed = Extract<Outcome, { kind: "failed" }>;

async function readEvent(
  ports: WebhookPorts,
  driver: PartnerDriver,
  webhook: WebhookDriver,
  work: WebhookWork,
): Promise<{ kind: "event"; event: unknown } | Failed> {
  const bytes = await bodyOf(ports, work);
  if (bytes === null)
    return failed(
      driver,
      "claim-missing",
      "the body in the claim-check bucket",
      "nothing",
      "Its time to be kept has passed: discard the failure.",
    );
  const json = parseJson(bytes);
  if (json.kind !== "json") {
    return failed(
      driver,
      "webhook-not-json",
      "a JSON body",
      `${work.contentType || "no content type"}, ${bytes.byteLength} bytes`,
      "It was rightly signed: ask the partner, or mend the driver.",
    );
  }
  const parsed = webhook.schema.safeParse(json.body);
  if (!parsed.success)
    return {
      kind: "failed",
      place,
      error: dataFailure(driver, "webhook-shape", "an event of the driver's schema", parsed.error),
    };
  return { kind: "event", event: parsed.data };
}

async function bodyOf(ports: WebhookPorts, work: WebhookWork): Promise<Uint8Array | null> {
  switch (work.body.kind) {
    case "text":
      return new TextEncoder().encode(work.body.text);
    case "base64":
      return Buffer.from(work.body.base64, "base64");
    case "claim":
      return ports.claims.get(work.body.key);
  }
}

async function findConnection(
  ports: WebhookPorts,
  driver: PartnerDriver,
  webhook: WebhookDriver,
  job: Job,
  event: unknown,
): Promise<{ kind: "found"; connection: Connection } | { kind: "gone" } | Failed> {
  const account = webhook.account?.(event) ?? null;
  const connection =
    job.connectionId !== null
      ? await ports.connections.read(driver.name, job.connectionId)
      : account === null
        ? null
        : await ports.connections.findByAccount(driver.name, account);
  const named = job.connectionId !== null ? { connectionId: job.connectionId } : account === null ? null : { account };
  if (connection === null && named !== null && (await ports.connections.isGone(driver.name, named)))
    return { kind: "gone" };
  if (connection === null) {
    const actual =
      job.connectionId ?? (account === null ? "an event that names no account" : "an account without a connection");
    return failed(
      driver,
      "connection-not-found",
      "a connection that the event belongs to",
      actual,
      "Connect the account, or register the webhook with its connection's own address; then replay.",
    );
  }
  return { kind: "found", connection };
}

/** Where it is parked, if it is, goes by the connection that the event names. */
function heldFor({ connectionId }: Connection, wait: Extract<Outcome, { kind: "wait" }>): Outcome {
  return { ...wait, connectionId };
}

function failed(driver: PartnerDriver, code: string, expected: string, actual: string, toDo: string): Failed {
  const message = `${driver.title} webhook: expected ${expected}, got ${actual}. ${toDo}`;
  return {
    kind: "failed",
    place,
    error: new PartnerError({ code, kind: "data", partner: driver.name, message, cause: { expected, actual } }),
  };
}
