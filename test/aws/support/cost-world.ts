import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { readStreamChanges } from "../../../lib/aws/change-stream.ts";
import type { EnvironmentSource } from "../../../lib/aws/environment.ts";
import { createIngestPorts } from "../../../lib/aws/ingest-ports.ts";
import { createLineTelemetry } from "../../../lib/aws/line-telemetry.ts";
import { createPorts } from "../../../lib/aws/ports.ts";
import type { AwsPorts } from "../../../lib/aws/ports.ts";
import { readJob, workBatch } from "../../../lib/aws/queue-batch.ts";
import { makeConnectionId } from "../../../lib/engine/connection-id.ts";
import type { Lane } from "../../../lib/engine/job.ts";
import { lanes } from "../../../lib/engine/job.ts";
import { scopesFor } from "../../../lib/engine/limits.ts";
import { laneQueueNameFor, partnerSecretNameFor } from "../../../lib/engine/names.ts";
import { registryOf } from "../../../lib/engine/registry.ts";
import { controlPartner } from "../../../lib/flows/control-partner.ts";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import { fanOut } from "../../../lib/flows/fan-out.ts";
import { ingestWebhook } from "../../../lib/flows/ingest-webhook.ts";
import { publishChanges } from "../../../lib/flows/publish-changes.ts";
import { sweep } from "../../../lib/flows/sweep.ts";
import { SeededRandom, VirtualClock } from "../../support/memory/clock.ts";
import { connectionOf, resourceOf } from "../../support/port-values.ts";
import { costAnswer, costPartner as driver } from "./cost-partner.ts";
import { meterServices } from "./metered-services.ts";
import type { Measured, MeteredServices } from "./metered-services.ts";
import { stage, startServices } from "./services.ts";

const connectionKey = "key-of-the-tests";
const registry = registryOf([driver]);
/** CloudWatch adds it to each line: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html */
const lineOverheadBytes = 26;
type Function = "webhook-ingest" | "import-fan-out" | "partner-control" | "change-publish" | `consume-${Lane}`;

/** The functions of one partner, each with ports of its own, on services that count; time passes when a test says so. */
export class CostWorld {
  /** What the partner has, by id. */
  readonly things = new Map<string, string>();
  readonly clock: VirtualClock;
  /** Ids of what its list says has changed. */
  changes: readonly string[] = [];
  /** Calls to the partner take so long, in turn. */
  answersMs: readonly number[] = [80];
  #answers = 0;
  readonly #random = new SeededRandom(7);
  readonly #meter: MeteredServices;
  readonly #sqs: SQSClient;
  readonly #queues: Readonly<Record<Lane, string>>;
  readonly #ingest: ReturnType<typeof createIngestPorts>;
  readonly #ports: Readonly<Record<Function, AwsPorts>>;
  readonly #connectionId: string;
  readonly #stopServices: () => Promise<void>;

  static async open(): Promise<CostWorld> {
    const services = await startServices();
    services.keysAndSecrets.secrets.set(
      partnerSecretNameFor(stage, driver.name),
      JSON.stringify({ connectionKey, webhookSecrets: ["word"], app: {} }),
    );
    const queueOf = (lane: Lane): Promise<string> => services.makeQueue(laneQueueNameFor(stage, driver.name, lane));
    const queues = { webhooks: await queueOf("webhooks"), imports: await queueOf("imports") };
    const clock = new VirtualClock();
    const meter = await meterServices(services, clock);
    const world = new CostWorld(clock, meter, services.source, queues, () => services.stop());
    await world.#connect();
    return world;
  }

  private constructor(
    clock: VirtualClock,
    meter: MeteredServices,
    source: EnvironmentSource,
    queues: Readonly<Record<Lane, string>>,
    stopServices: () => Promise<void>,
  ) {
    this.clock = clock;
    const metered = Object.fromEntries(
      Object.entries(source).map(([name, value]) => [name, name.startsWith("AWS_ENDPOINT") ? meter.endpoint : value]),
    );
    const environment = { ...metered, AWS_ENDPOINT_URL: meter.endpoint, ...credentials };
    const world = { clock: this.clock, random: this.#random };
    const transport = {
      send: async ({ url }: { readonly url: string }) => {
        this.clock.advance(this.answersMs[this.#answers++ % this.answersMs.length] ?? 0);
        return costAnswer(this, new URL(url));
      },
    };
    const write = (line: string): void => meter.note("logGb", (Buffer.byteLength(line) + lineOverheadBytes) / 1e9);
    const telemetry = (name: Function) => createLineTelemetry(name, "Sluice", write);
    const make = (name: Function): AwsPorts => ({
      ...createPorts(environment, registry, world),
      ...telemetry(name),
      transport,
    });
    this.#ports = {
      "webhook-ingest": make("webhook-ingest"),
      "import-fan-out": make("import-fan-out"),
      "partner-control": make("partner-control"),
      "change-publish": make("change-publish"),
      "consume-webhooks": make("consume-webhooks"),
      "consume-imports": make("consume-imports"),
    };
    this.#ingest = { ...createIngestPorts(environment, registry, world), ...telemetry("webhook-ingest") };
    this.#sqs = new SQSClient({ region: "us-east-1", endpoint: meter.endpoint, useQueueUrlAsEndpoint: false });
    this.#connectionId = makeConnectionId(driver.name, connectionKey, this.#random);
    this.#meter = meter;
    this.#queues = queues;
    this.#stopServices = stopServices;
  }

  async #connect(): Promise<void> {
    const owner = { partner: driver.name, connectionId: this.#connectionId };
    const { connections, credentials: kept } = this.#ports["partner-control"];
    await connections.create(connectionOf(owner));
    await connections.createResource(resourceOf(owner, { nextDueMs: this.clock.nowMs() }));
    await kept.overwrite(owner, { apiKey: "key" });
    this.#meter.takeStreams();
  }

  /** Not counted, which is three times as quick. */
  async setUp(work: () => Promise<void>): Promise<void> {
    this.#meter.isCounting = false;
    await work();
    this.#meter.isCounting = true;
  }

  /** What AWS would charge for what `work` does. */
  async measure(work: () => Promise<void>): Promise<Measured> {
    this.#meter.take();
    await work();
    return this.#meter.take();
  }

  /** @param delivery what the partner names the delivery by, where it does */
  async ingest(touched: readonly string[], delivery?: string): Promise<void> {
    this.#meter.note("httpApiRequests", 1);
    await this.#invoke(this.#ingest, async () => {
      const answer = await ingestWebhook(this.#ingest, {
        partner: driver.name,
        connectionId: this.#connectionId,
        headers: {},
        rawBody: new TextEncoder().encode(JSON.stringify({ touched, delivery, at: this.#random.id() })),
        url: "https://webhooks.example",
        method: "POST",
        trace: "trace",
      });
      if (answer.status !== 202) throw new Error(`the webhook was answered ${answer.status}`);
    });
  }

  /** Another function makes a call for the same account. */
  async callElsewhere(): Promise<void> {
    const { connections, gate } = this.#ports["change-publish"];
    const connection = await connections.read(driver.name, this.#connectionId);
    if (connection === null) throw new Error("the connection is not there");
    const request = { method: "GET", path: "/things", query: {}, endpoint: "GET /things" } as const;
    const ask = { weight: 1, want: 1, lane: "imports", connectionId: this.#connectionId } as const;
    const scopes = scopesFor(driver, connection, request, { apiKey: "key" });
    await gate.reserve({ ...ask, scopes, deadlineMs: this.clock.nowMs() + 1_000 });
  }

  /** What its schedule does once a minute. */
  async fanOutMinute(): Promise<void> {
    this.#meter.note("schedules", 1);
    const ports = this.#ports["import-fan-out"];
    await this.#invoke(ports, () => Promise.all([fanOut(ports, driver), sweep(ports, driver)]));
  }

  async controlMinute(): Promise<void> {
    this.#meter.note("schedules", 1);
    const mappings = {
      list: async () => lanes.map((lane) => ({ lane, state: "enabled" as const })),
      set: async () => {},
    };
    const ports = this.#ports["partner-control"];
    await this.#invoke(ports, () => controlPartner({ ...ports, mappings }, driver, this.#context()));
  }

  /** One batch of a lane, received and deleted as a mapping does; resolves to how many messages it had. */
  async consume(lane: Lane): Promise<number> {
    const QueueUrl = this.#queues[lane];
    const ports = this.#ports[`consume-${lane}`];
    const most = lane === "webhooks" ? 10 : 1;
    const { Messages = [] } = await this.#sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: most }));
    const Records = Messages.map(({ MessageId = "", Body = "" }) => ({ messageId: MessageId, body: Body }));
    // What a mapping does with messages of a group is taken for fair as well: the queue in between does not say.
    if (Records.some((record) => readJob(record).connectionId !== null)) this.#meter.note("sqsFairRequests", 2);
    await this.#invoke(ports, async () => {
      const { batchItemFailures } = await workBatch({ Records }, ports.log, (record) =>
        consumeJob(ports, readJob(record), this.#context()),
      );
      if (batchItemFailures.length > 0 || Records.length === 0) throw new Error(`a batch of ${lane} was not worked`);
    });
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await this.#sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    return Messages.length;
  }

  /** What the tables' streams have told since the last time: one batch for each table. */
  async publish(): Promise<void> {
    const ports = this.#ports["change-publish"];
    for (const batch of this.#meter.takeStreams()) {
      const changes = readStreamChanges(batch, { stage, bucket: ports.bucket });
      const stopped = await this.#invoke(ports, () => publishChanges(ports, changes));
      if (stopped !== null) throw new Error("a change was not published");
    }
  }

  async stop(): Promise<void> {
    this.#sqs.destroy();
    await this.#meter.stop();
    await this.#stopServices();
  }

  async #invoke<T>(telemetry: Pick<AwsPorts, "log" | "metrics">, work: () => Promise<T>): Promise<T> {
    this.#meter.note("lambdaRequests", 1);
    telemetry.log.begin({ requestId: "8f2ab5a8-0000-4000-8000-000000000000" });
    const result = await work();
    telemetry.metrics.flush();
    return result;
  }

  #context() {
    return { workerId: this.#random.id(), deadlineMs: this.clock.nowMs() + 300_000 };
  }
}

const credentials = { AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" };
