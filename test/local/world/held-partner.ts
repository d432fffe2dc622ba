import { join } from "node:path";
import { GetEventSourceMappingCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import * as z from "zod";
import { createApiClient } from "../../../bin/commands/api-client.ts";
import { changeAtPartner, connectDemo } from "../../../bin/commands/connect-demo.ts";
import { compareRecords } from "../../../bin/commands/smoke/compare-records.ts";
import { synthesise } from "../../../bin/commands/synthesise.ts";
import { openWorld } from "../../../lib/local/world/open-world.ts";
import type { PlayPartner, World } from "../../../lib/local/world/open-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";

const root = join(import.meta.dirname, "../../..");
const partnerName = "stripe";
const changesAtOnce = 1_000;
const controlEveryMs = 3_000;
const Anything = z.unknown();
const Failures = z.object({ id: z.string() });

/**
 * A partner answers 500 until its breaker opens and its mappings are off; a backlog comes in meanwhile and is not touched;
 * the partner recovers, a probe closes the breaker, and every record is right. On the whole local stack.
 */
export async function holdAndResume(backlog: number, patienceMs: number): Promise<"resumed"> {
  const folder = temporaryFolder();
  const cdkOutDir = join(folder, "cdk.out");
  await synthesise(root, cdkOutDir);
  const dataDir = join(folder, "data");
  const world = await openWorld({ cdkOutDir, stage: "local", dataDir, port: 0, sandboxes: true });
  try {
    const partner = smallPartner(world);
    const stage = new Stage(world);
    const api = createApiClient(world.stack.url, world.apiKey);
    const { connectionId } = await connectDemo(world, api, partner, "smoke");
    await world.fireSchedules();
    await world.stack.idle(patienceMs);

    await partner.client.control("POST", "misbehave", { kind: "status-500" }, Anything);
    await changeAtPartner(partner, { type: "update", count: 60 });
    await waitUntil(
      "the breaker to open and the mappings to be off",
      async () => {
        await stage.control();
        return (await stage.states()).every((state) => state === "Disabled");
      },
      120_000,
    );

    const before = await stage.waiting();
    for (let sent = 0; sent < backlog; sent += changesAtOnce)
      await changeAtPartner(partner, { type: "update", count: Math.min(changesAtOnce, backlog - sent) });
    await waitUntil("the backlog to be there", async () => (await stage.waiting()) >= before + backlog, patienceMs);
    const served = await callsTo(partner);
    await stage.control();
    expect(await stage.states()).toEqual(["Disabled", "Disabled"]);
    expect(await stage.waiting()).toBeGreaterThanOrEqual(before + backlog);
    // A probe at most.
    expect((await callsTo(partner)) - served).toBeLessThanOrEqual(1);

    await partner.client.control("DELETE", "misbehave", undefined, Anything);
    await waitUntil(
      "a probe to close the breaker and the mappings to be on",
      async () => {
        await stage.control();
        return (await stage.states()).every((state) => state === "Enabled");
      },
      240_000,
    );
    // What was parked for the connection's own breaker comes back by partner-control, a minute's worth at a time.
    let wrong: unknown = null;
    const isRight = async (): Promise<boolean> => {
      await stage.control();
      await world.stack.idle(patienceMs);
      const checks = await compareRecords(api, partner, connectionId);
      const differing = checks.filter(({ agrees, what }) => !agrees && !what.includes("written once"));
      wrong = differing;
      return differing.length === 0;
    };
    await waitUntil("all records to be right", isRight, patienceMs).catch(() => expect(wrong).toEqual([]));
    expect(await api.list("/failures", Failures)).toEqual([]);
    return "resumed";
  } finally {
    await world.stop();
  }
}

/** What the account holds at first is no matter here, and importing it takes its time at the partner's limit. */
export function smallPartner(world: World): PlayPartner {
  const partner = world.partners.find((each) => each.name === partnerName);
  if (partner === undefined) throw new Error(`no sandbox of ${partnerName}`);
  const { demo } = partner;
  const seed = { charges: 60, paymentIntents: 80, customers: 40 };
  return { ...partner, demo: { ...demo, account: () => ({ ...demo.account("smoke"), seed }) } };
}

const Summary = z.object({ requests: z.record(z.string(), z.record(z.string(), z.number())) });

async function callsTo(partner: PlayPartner): Promise<number> {
  const { requests } = await partner.client.control("GET", "ledger", undefined, Summary);
  return Object.values(requests)
    .flatMap((counts) => Object.values(counts))
    .reduce((sum, count) => sum + count, 0);
}

/** What an operator of the stack's machine sees of the partner's lanes. */
export class Stage {
  readonly #world: World;
  readonly #lambda: LambdaClient;
  readonly #sqs: SQSClient;
  #controlledAtMs = 0;

  constructor(world: World) {
    this.#world = world;
    const { endpoint, operator: credentials } = world.stack.services;
    this.#lambda = new LambdaClient({ region: "us-east-1", endpoint, credentials });
    this.#sqs = new SQSClient({ region: "us-east-1", endpoint, useQueueUrlAsEndpoint: false, credentials });
  }

  /** Lets partner-control run now, unless it just did: each time it sends canaries, too. */
  async control(): Promise<void> {
    if (Date.now() - this.#controlledAtMs < controlEveryMs) return;
    this.#controlledAtMs = Date.now();
    await this.#world.stack.fire(`sluice-local-${partnerName}-partner-control`);
  }

  async states(): Promise<readonly (string | undefined)[]> {
    const lanes = this.#world.stack.model.mappings.filter(({ functionName }) =>
      functionName.startsWith(`sluice-local-${partnerName}-consume-`),
    );
    return Promise.all(
      lanes.map(async ({ id }) => (await this.#lambda.send(new GetEventSourceMappingCommand({ UUID: id }))).State),
    );
  }

  /** Messages of the webhooks lane that nobody has in hand. */
  async waiting(): Promise<number> {
    const QueueName = `sluice-local-${partnerName}-webhooks`;
    const { QueueUrl } = await this.#sqs.send(new GetQueueUrlCommand({ QueueName }));
    const { Attributes = {} } = await this.#sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }),
    );
    const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed } = Attributes;
    return Number(ApproximateNumberOfMessages) + Number(ApproximateNumberOfMessagesDelayed);
  }
}
