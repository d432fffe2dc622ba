import { ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIngestPorts } from "../../lib/aws/ingest-ports.ts";
import { createPorts } from "../../lib/aws/ports.ts";
import { laneMessage } from "../../lib/aws/queue-message.ts";
import { readEnvironment } from "../../lib/aws/environment.ts";
import { readDeadLetter } from "../../lib/engine/dead-letter.ts";
import { Job } from "../../lib/engine/job.ts";
import { deadLetterQueueNameFor, laneQueueNameFor } from "../../lib/engine/names.ts";
import type { Lanes } from "../../lib/engine/ports.ts";
import { registryOf } from "../../lib/engine/registry.ts";
import { giveUpFor, webhookJob } from "../support/port-values.ts";
import { freshOwner } from "../support/port-suite/opened.ts";
import { stage, startServices } from "./support/services.ts";
import type { TestServices } from "./support/services.ts";

let services: TestServices;
beforeAll(async () => {
  services = await startServices();
});
afterAll(async () => services.stop());

async function receive(url: string): Promise<string[]> {
  const answer = await services.sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }));
  return (answer.Messages ?? []).map((message) => message.Body ?? "");
}

/** The same message, signed by the SDK and by hand. */
const senders: readonly { readonly name: string; readonly lanes: () => Pick<Lanes, "send"> }[] = [
  { name: "the SDK", lanes: () => createPorts(services.source, registryOf([])).lanes },
  {
    name: "the webhook function's own signer",
    lanes: () =>
      createIngestPorts({ ...services.source, AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key" }, registryOf([]))
        .lanes,
  },
];

describe.each(senders)("a lane, by $name", ({ lanes }) => {
  it("takes a job whole, whatever text is in it", async () => {
    const owner = freshOwner();
    const url = await services.makeQueue(laneQueueNameFor(stage, owner.partner, "webhooks"));
    const strange = '{"a":"ä 日本 😀 \uFFFE\uFFFF \\u0000 \u0001 \u007F"}';
    const work = { kind: "webhook", receivedAtMs: 1, contentType: "", body: { kind: "text", text: strange } } as const;
    const job = webhookJob(owner, { work });
    await lanes().send(job, 0);
    const [body] = await receive(url);
    expect(Job.parse(JSON.parse(body ?? ""))).toEqual(job);
    expect(body).not.toMatch(/[\uFFFE\uFFFF]/);
  });

  it("keeps a delayed job back", async () => {
    const owner = freshOwner();
    const url = await services.makeQueue(laneQueueNameFor(stage, owner.partner, "webhooks"));
    await lanes().send(webhookJob(owner), 900_000);
    expect(await receive(url)).toEqual([]);
  });

  it("rejects when there is no such queue, and when the delay is none that SQS takes", async () => {
    const owner = freshOwner();
    await expect(lanes().send(webhookJob(owner), 0)).rejects.toThrow(/QueueDoesNotExist|does not exist/);
    for (const delayMs of [-1, 900_001, Number.NaN]) {
      await expect(lanes().send(webhookJob(owner), delayMs)).rejects.toThrow("900000");
    }
  });
});

describe("a lane's depth", () => {
  it("counts what waits, what is in hand and what is delayed, of this lane alone", async () => {
    const owner = freshOwner();
    const url = await services.makeQueue(laneQueueNameFor(stage, owner.partner, "imports"));
    await services.makeQueue(laneQueueNameFor(stage, owner.partner, "webhooks"));
    const { lanes } = createPorts(services.source, registryOf([]));
    const job: Job = { ...webhookJob(owner), lane: "imports" };
    for (const delayMs of [0, 0, 0, 900_000]) await lanes.send(job, delayMs);
    await services.sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 1 }));
    expect(await lanes.depth(owner.partner, "imports")).toEqual({ waiting: 2, inFlight: 1, delayed: 1 });
    expect(await lanes.depth(owner.partner, "webhooks")).toEqual({ waiting: 0, inFlight: 0, delayed: 0 });
  });
});

describe("a lane's message", () => {
  const environment = () => readEnvironment(services.source);

  it("goes to the queue of its partner and lane, in its connection's group", () => {
    const owner = { partner: "acme", connectionId: "acme_1" };
    const message = laneMessage(environment(), { ...webhookJob(owner), lane: "imports" }, 0);
    expect(message).toMatchObject({
      QueueUrl: `${services.source["SLUICE_QUEUE_BASE_URL"]}sluice-test-acme-imports`,
      MessageGroupId: "acme_1",
    });
    expect(laneMessage(environment(), webhookJob({ partner: "acme", connectionId: null }), 0)).not.toHaveProperty(
      "MessageGroupId",
    );
  });

  it("is delayed by whole seconds, and never by less than was asked for", () => {
    const seconds = (delayMs: number) =>
      laneMessage(environment(), webhookJob({ partner: "acme", connectionId: null }), delayMs).DelaySeconds;
    expect([0, 1, 1_000, 1_001, 899_001, 900_000].map(seconds)).toEqual([0, 1, 1, 2, 900, 900]);
  });
});

describe("the dead-letter queue", () => {
  it("gets what gave up, with its reasons", async () => {
    const owner = freshOwner();
    const url = await services.makeQueue(deadLetterQueueNameFor(stage, owner.partner));
    const job = webhookJob(owner, { attempts: 8 });
    await createPorts(services.source, registryOf([])).lanes.giveUp(job, giveUpFor("bad-json"));
    const [body] = await receive(url);
    expect(readDeadLetter(body ?? "")).toEqual({ kind: "given-up", job, why: giveUpFor("bad-json") });
  });
});
