import { makeConnectionId } from "../../../lib/engine/connection-id.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { lanes } from "../../../lib/engine/job.ts";
import type { Lane } from "../../../lib/engine/job.ts";
import type { WorkContext } from "../../../lib/flows/outcome.ts";
import { ingestWebhook } from "../../../lib/flows/ingest-webhook.ts";
import type { Ground } from "../kernel/ground.ts";
import type { Prng } from "../kernel/prng.ts";
import { ChangeMaker } from "../partner/change-maker.ts";
import type { WebhookEvent } from "../partner/change-maker.ts";
import { driverOf, resourceName } from "../partner/driver.ts";
import { networkFor } from "../partner/network.ts";
import { SimulatedPartner } from "../partner/simulated-partner.ts";
import type { Conditions } from "./conditions.ts";
import { EventSourceMapping } from "./event-source-mapping.ts";
import type { BatchWork, MappingSettings } from "./event-source-mapping.ts";
import {
  archiveBatch,
  batchMax,
  consumeBatch,
  control,
  everyMinute,
  leavingMs,
  publishBatch,
  timeoutsMs,
} from "./functions.ts";
import { SimulatedLanes } from "./lanes.ts";
import type { PartnerQueues } from "./lanes.ts";
import { SimulatedMappings } from "./mappings.ts";
import { SimulatedQueue } from "./queue.ts";
import { People } from "./people.ts";
import { RecordStream } from "./record-stream.ts";
import { SimulatedFunction } from "./simulated-function.ts";
import { createStores } from "./stores.ts";
import type { Stores } from "./stores.ts";
import { portsFor } from "./worker-ports.ts";
import type { SharedWorld, WorkerPorts } from "./worker-ports.ts";

const minute = 60_000;
const connectionKey = "key-of-the-simulation";
const word = "word";
const receivesMax = 10;
/** What makes a webhook too large for its message. */
const padding = "-".repeat(170_000);

/** The whole deployment and its partners, in virtual time. */
export class World {
  readonly ground: Ground;
  readonly conditions: Conditions;
  readonly stores: Stores;
  readonly partners: readonly SimulatedPartner[];
  readonly drivers: readonly PartnerDriver[];
  readonly queues: ReadonlyMap<string, PartnerQueues>;
  readonly stream: RecordStream;
  readonly mappings = new Map<string, ReadonlyMap<Lane, EventSourceMapping>>();
  readonly #prng: Prng;
  readonly #shared: SharedWorld;
  readonly #connectionIds = new Map<string, string>();
  readonly #changeMakers: readonly ChangeMaker[];
  readonly #ingest: SimulatedFunction;
  readonly #people: People;

  constructor(ground: Ground, prng: Prng, conditions: Conditions) {
    this.ground = ground;
    this.#prng = prng;
    this.conditions = conditions;
    this.stores = createStores(ground, prng.fork("stores"), conditions);
    this.partners = conditions.partners.map(
      (one) => new SimulatedPartner(ground, prng.fork(`partner ${one.name}`), one),
    );
    this.drivers = conditions.partners.map((one) => driverOf(one, conditions.uncertaintyMs));
    this.queues = new Map(conditions.partners.map(({ name }) => [name, this.#queuesOf(name)]));
    const connectionOf = (partner: string, account: string): string => this.connectionIdOf(partner, account);
    const around = { ground, conditions, partners: this.partners, connectionOf };
    this.#shared = {
      ground,
      stores: this.stores,
      lanes: new SimulatedLanes(ground, this.queues),
      faults: conditions.faults,
      drivers: this.drivers,
      transportFor: (instance) => networkFor(around, instance),
    };
    const publisher = this.#function("change-publish", timeoutsMs.stream);
    this.stream = new RecordStream(ground, this.stores.records.stream, (batch) =>
      publisher.invoke(publishBatch(batch)),
    );
    this.stores.records.onChange = () => this.stream.wake();
    this.#ingest = this.#function("webhook-ingest", timeoutsMs.ingest);
    this.#people = new People(this, prng.fork("people"), this.#function("operator", minute));
    this.#changeMakers = this.partners.map(
      (partner) =>
        new ChangeMaker(ground, prng.fork(`changes ${partner.conditions.name}`), partner, (event) =>
          this.#deliver(partner, event),
        ),
    );
  }

  connectionIdOf(partner: string, account: string): string {
    const id = this.#connectionIds.get(`${partner} ${account}`);
    if (id === undefined) throw new RangeError(`no connection of ${account} at ${partner}`);
    return id;
  }

  async start(): Promise<void> {
    for (const partner of this.partners) await this.#connect(partner);
    for (const driver of this.drivers) {
      this.#consume(driver);
      this.#schedule(driver, "fan-out", everyMinute(driver));
      this.#schedule(driver, "control", control(driver));
    }
    for (const changes of this.#changeMakers) changes.start();
    this.#people.start();
  }

  /** The faults have stopped: what is broken at the partner is mended, and a person replays what stands open. */
  rest(): void {
    for (const changes of this.#changeMakers) changes.mend();
    this.#people.rest();
  }

  #function(name: string, timeoutMs: number, partner: string | null = null): SimulatedFunction {
    const { skewMsMax, oversleep } = this.conditions;
    const settings = { name, timeoutMs, leavingMs: Math.min(leavingMs, timeoutMs / 2), skewMsMax, oversleep };
    const mappings = new SimulatedMappings(this.mappings.get(partner ?? "") ?? new Map());
    return new SimulatedFunction(this.ground, this.#prng.fork(name), settings, (instance) =>
      portsFor(this.#shared, instance, mappings),
    );
  }

  #queuesOf(partner: string): PartnerQueues {
    const { duplicate, lateMs } = this.conditions.queue;
    const make = (name: string, timeoutMs: number, deadLetters: SimulatedQueue | null): SimulatedQueue =>
      new SimulatedQueue(
        this.ground,
        this.#prng.fork(`queue ${partner} ${name}`),
        `${partner}-${name}`,
        { visibilityMs: 6 * timeoutMs, receivesMax: deadLetters === null ? Infinity : receivesMax, duplicate, lateMs },
        deadLetters,
      );
    const deadLetters = make("dead-letters", timeoutsMs.deadLetters, null);
    const lane = (name: Lane): SimulatedQueue => make(name, timeoutsMs[name], deadLetters);
    return { deadLetters, lanes: { webhooks: lane("webhooks"), imports: lane("imports") } };
  }

  async #connect({ conditions: { name }, accounts }: SimulatedPartner): Promise<void> {
    const { connections, credentials, partnerSecrets } = this.stores;
    partnerSecrets.set(name, { connectionKey, webhookSecrets: [word], app: {} });
    for (const account of accounts) {
      const connectionId = makeConnectionId(name, connectionKey, this.#prng);
      this.#connectionIds.set(`${name} ${account.name}`, connectionId);
      const nowMs = this.ground.loop.nowMs();
      const owner = { partner: name, connectionId };
      await connections.create({
        ...owner,
        tenantId: account.name,
        name: account.name,
        account: account.name,
        settings: {},
        status: "active",
        sealedWebhookSecret: null,
        revision: 1,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
      });
      await credentials.replace(owner, null, { apiKey: account.name });
      await connections.createResource({
        ...owner,
        resource: resourceName,
        nextDueMs: nowMs,
        activeRunId: null,
        watermarkMs: null,
        fullPassAtMs: null,
        succeededAtMs: null,
        lastError: null,
        revision: 1,
      });
    }
  }

  #consume(driver: PartnerDriver): void {
    const { lostDelete, concurrency } = this.conditions.queue;
    const queues = this.queues.get(driver.name);
    if (queues === undefined) throw new RangeError(`no queues of ${driver.name}`);
    const mappings = new Map<Lane, EventSourceMapping>();
    for (const lane of lanes) {
      const consumer = this.#function(`${driver.name}-${lane}`, timeoutsMs[lane]);
      const settings = { batchMax: batchMax[lane], concurrency, lostDelete };
      mappings.set(
        lane,
        this.#mapping(`${driver.name} ${lane}`, queues.lanes[lane], settings, (batch) =>
          consumer.invoke(consumeBatch(this.ground, batch)),
        ),
      );
    }
    this.mappings.set(driver.name, mappings);
    const archive = this.#function(`${driver.name}-archive`, timeoutsMs.deadLetters);
    const settings = { batchMax: 10, concurrency: 2, lostDelete };
    this.#mapping(`${driver.name} dead`, queues.deadLetters, settings, (batch) =>
      archive.invoke(archiveBatch(driver.name, batch)),
    );
  }

  #mapping(name: string, queue: SimulatedQueue, settings: MappingSettings, work: BatchWork): EventSourceMapping {
    return new EventSourceMapping(this.ground, this.#prng.fork(`mapping ${name}`), queue, settings, work);
  }

  /** Fires at least once a minute as a rule; sometimes twice, sometimes not at all. */
  #schedule(
    driver: PartnerDriver,
    what: string,
    work: (ports: WorkerPorts, context: WorkContext) => Promise<void>,
  ): void {
    const { twice, missed } = this.conditions.schedule;
    const name = `${driver.name}-${what}`;
    const target = this.#function(name, timeoutsMs.schedule, driver.name);
    const prng = this.#prng.fork(`schedule ${name}`);
    const { loop, coverage } = this.ground;
    const fire = (): void => void target.invoke(work);
    const tick = (): void => {
      loop.after(minute, tick);
      if (this.ground.isFaulty() && prng.chance(missed)) return coverage.count("schedule missed");
      fire();
      if (!this.ground.isFaulty() || !prng.chance(twice)) return;
      coverage.count("schedule fired twice");
      loop.after(prng.between(0, 5_000), fire);
    };
    loop.after(prng.between(0, minute), tick);
  }

  async #deliver(partner: SimulatedPartner, event: WebhookEvent): Promise<boolean> {
    const { name, webhooks } = partner.conditions;
    const connectionId = this.connectionIdOf(name, event.account);
    const things = event.things.map(({ id, revision }) => ({ externalId: id, revision }));
    const rawBody = new TextEncoder().encode(
      JSON.stringify({
        account: event.account,
        touched: things.map(({ externalId }) => externalId),
        revisions: things,
        ...(event.isLarge && { padding }),
      }),
    );
    const request = {
      partner: name,
      connectionId: webhooks.byAccount ? null : connectionId,
      headers: { "content-type": "application/json", "x-word": word },
      rawBody,
      url: `https://sluice.example/webhooks/${name}`,
      method: "POST",
      trace: `webhook ${event.account}`,
    };
    if (event.isLarge) this.ground.coverage.count("webhook too large for its message");
    const atMs = this.ground.loop.nowMs();
    const ended = await this.#ingest.invoke((ports) => ingestWebhook(ports, request));
    const isTaken = ended.kind === "returned" && ended.value.status < 300;
    if (isTaken) this.ground.tell({ kind: "webhook-accepted", webhook: { partner: name, connectionId, things, atMs } });
    return isTaken;
  }
}
