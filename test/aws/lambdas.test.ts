import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Job } from "../../lib/engine/job.ts";
import { startMs } from "../support/memory/clock.ts";
import { giveUpFor, resourceOf, runOf, webhookJob } from "../support/port-values.ts";
import { batchFrom, connectionId, lambdaContext, openLambdaWorld, webhookEvent } from "./support/lambda-world.ts";
import type { LambdaHandler, LambdaWorld } from "./support/lambda-world.ts";

let world: LambdaWorld;
let ingest: LambdaHandler;
let consume: LambdaHandler;
let fanOut: LambdaHandler;
let archive: LambdaHandler;

beforeEach(() => {
  // Their log lines, most of them of failures that the tests make.
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
beforeAll(async () => {
  world = await openLambdaWorld();
  // They read their environment when they are loaded.
  ingest = (await import("../../lambdas/webhook-ingest.ts")).handler;
  consume = (await import("../../lambdas/job-consume.ts")).handler;
  fanOut = (await import("../../lambdas/import-fan-out.ts")).handler;
  archive = (await import("../../lambdas/failure-archive.ts")).handler;
});
afterAll(async () => world.stop());

const charge = {
  id: "ch_1",
  object: "charge",
  amount: 1_250,
  amount_captured: 1_250,
  amount_refunded: 0,
  captured: true,
  created: 1_770_000_000,
  currency: "eur",
  status: "succeeded",
};

const chargeEvent = (id: string): string =>
  JSON.stringify({
    id,
    object: "event",
    type: "charge.succeeded",
    created: 1_770_000_000,
    api_version: "2026-07-29.dahlia",
    livemode: false,
    pending_webhooks: 1,
    request: null,
    data: { object: charge },
  });

const statusOf = async (event: unknown): Promise<unknown> => {
  const answer = await ingest(event, lambdaContext());
  return typeof answer === "object" && answer !== null && "statusCode" in answer ? answer.statusCode : answer;
};

describe("webhook-ingest", () => {
  it("takes a signed webhook, as text and as base64, with one call when it is warm", async () => {
    await statusOf(webhookEvent(chargeEvent("evt_warm")));
    await batchFrom(world.services, world.queues.webhooks);
    const calls = vi.spyOn(globalThis, "fetch");
    expect(await statusOf(webhookEvent(chargeEvent("evt_1")))).toBe(202);
    expect(calls).toHaveBeenCalledTimes(1);
    expect(await statusOf(webhookEvent(chargeEvent("evt_2"), { base64: true }))).toBe(202);
    const { Records } = await batchFrom(world.services, world.queues.webhooks);
    const jobs = Records.map((record) => Job.parse(JSON.parse(record.body)));
    expect(jobs.map((job) => [job.partner, job.connectionId])).toEqual([
      ["stripe", connectionId],
      ["stripe", connectionId],
    ]);
    const texts = jobs.map((job) =>
      job.work.kind === "webhook" && job.work.body.kind === "text" ? job.work.body.text : "",
    );
    expect(texts.toSorted((a, b) => a.localeCompare(b))).toEqual([chargeEvent("evt_1"), chargeEvent("evt_2")]);
  });

  it("refuses a forgery, a stranger's id and a webhook without any secret, and queues nothing", async () => {
    const genuine = webhookEvent(chargeEvent("evt_3"));
    expect(await statusOf({ ...genuine, body: chargeEvent("evt_4") })).toBe(401);
    expect(await statusOf(webhookEvent(chargeEvent("evt_3"), { secret: "another" }))).toBe(401);
    expect(await statusOf(webhookEvent(chargeEvent("evt_3"), { connectionId: null }))).toBe(401);
    const calls = vi.spyOn(globalThis, "fetch");
    expect(await statusOf(webhookEvent(chargeEvent("evt_3"), { connectionId: `${connectionId.slice(0, -1)}!` }))).toBe(
      404,
    );
    expect(calls).not.toHaveBeenCalled();
    expect((await batchFrom(world.services, world.queues.webhooks)).Records).toEqual([]);
  });

  it("takes the same where it can call out for keys", async () => {
    const { handler } = await import("../../lambdas/webhook-ingest-with-keys.ts");
    expect(await handler(webhookEvent(chargeEvent("evt_keys")), lambdaContext())).toMatchObject({ statusCode: 202 });
    const forged = webhookEvent(chargeEvent("evt_keys"), { secret: "another" });
    expect(await handler(forged, lambdaContext())).toMatchObject({ statusCode: 401 });
    expect((await batchFrom(world.services, world.queues.webhooks)).Records).toHaveLength(1);
  });

  it("takes a body too large for the queue by claim check", async () => {
    const body = JSON.stringify({ id: "evt_large", text: "ä".repeat(600_000) });
    expect(await statusOf(webhookEvent(body))).toBe(202);
    const { Records } = await batchFrom(world.services, world.queues.webhooks);
    const job = Job.parse(JSON.parse(Records[0]?.body ?? ""));
    if (job.work.kind !== "webhook" || job.work.body.kind !== "claim") throw new Error("it went by claim check");
    expect(Buffer.from((await world.ports.claims.get(job.work.body.key)) ?? []).toString("utf8")).toBe(body);
  });

  it("answers 503 when the queue, the secret or the event cannot be had", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("fetch failed"));
    expect(await statusOf(webhookEvent(chargeEvent("evt_5")))).toBe(503);
    expect(await statusOf({})).toBe(503);
  });
});

describe("job-consume", () => {
  it("turns a queued webhook into a record of what the partner has now", async () => {
    world.partnerAnswers = (path) => (path.startsWith("/v1/charges/ch_1") ? { ...charge, amount_refunded: 250 } : null);
    await statusOf(webhookEvent(chargeEvent("evt_6")));
    const batch = await batchFrom(world.services, world.queues.webhooks);
    expect(await consume(batch, lambdaContext())).toEqual({ batchItemFailures: [] });
    const scope = { partner: "stripe", connectionId, resource: "charges" };
    const record = await world.ports.records.read(scope, "ch_1");
    expect(record).toMatchObject({ externalId: "ch_1", version: 1, deleted: false, source: { kind: "webhook" } });
    expect(JSON.stringify(record?.data)).toContain("2.50");
  });

  it("fails only the messages that fail: what is no job comes back, its batch-mates do not", async () => {
    world.partnerAnswers = () => charge;
    await statusOf(webhookEvent(chargeEvent("evt_7")));
    const { Records } = await batchFrom(world.services, world.queues.webhooks);
    const strange = ["no json", "{}"].map((body, index) => ({ messageId: `strange-${index}`, body }));
    const answer = await consume({ Records: [strange[0], ...Records, strange[1]] }, lambdaContext());
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "strange-0" }, { itemIdentifier: "strange-1" }] });
  });

  it("refuses an event that is no batch", async () => {
    await expect(consume({ Records: [{ body: 1 }] }, lambdaContext())).rejects.toThrow("Records");
  });
});

describe("import-fan-out", () => {
  it("starts what is due and nudges what stands still", async () => {
    const owner = { partner: "stripe", connectionId };
    await world.ports.connections.createResource(resourceOf(owner, { resource: "charges", nextDueMs: startMs }));
    await world.ports.runs.create(runOf(owner, { runId: "run-still", resource: "customers", nextLookMs: startMs }));
    expect(await fanOut({}, lambdaContext())).toMatchObject({ due: 1, started: 1, failed: 0, nudged: 1 });
    const { Records } = await batchFrom(world.services, world.queues.imports);
    const works = Records.map((record) => Job.parse(JSON.parse(record.body)).work);
    expect(works.map((work) => work.kind)).toEqual(["push", "push"]);
    expect(works.some((work) => work.kind === "push" && work.runId === "run-still")).toBe(true);
  });
});

describe("failure-archive", () => {
  it("keeps what gave up, what was redriven and what was no job", async () => {
    const owner = { partner: "stripe", connectionId };
    const id = randomBytes(4).toString("hex");
    await world.ports.lanes.giveUp(webhookJob(owner, { id: `gave-up-${id}` }), giveUpFor("bad-json"));
    const batch = await batchFrom(world.services, world.queues.deadLetters);
    const redriven = { messageId: "m-1", body: JSON.stringify(webhookJob(owner, { id: `redriven-${id}` })) };
    const answer = await archive(
      { Records: [...batch.Records, redriven, { messageId: `m-${id}`, body: "no job" }] },
      lambdaContext(),
    );
    expect(answer).toEqual({ batchItemFailures: [] });
    const read = (connection: string, failureId: string) => world.ports.failures.read("stripe", connection, failureId);
    expect(await read(connectionId, `gave-up-${id}`)).toMatchObject({ why: giveUpFor("bad-json") });
    expect(await read(connectionId, `redriven-${id}`)).toMatchObject({ why: { kind: "crash", code: "worker-lost" } });
    expect(await read("-", `message-m-${id}`)).toMatchObject({ job: null, raw: "no job" });
  });
});
