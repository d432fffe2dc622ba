import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import type { ServiceHandler } from "../front-door/door-request.ts";
import { type FrontDoor, openFrontDoor } from "../front-door/front-door.ts";
import { createIdentities, type Identities } from "../front-door/identities.ts";
import { createPolicyBook } from "../front-door/policy/policy-book.ts";
import type { Onlooker } from "../onlooker.ts";
import type { FunctionHost, LocalServices, MappingPollState, StackModel } from "../types.ts";
import { type Backends, openBackends } from "./backends.ts";
import { createBucketService } from "./buckets/bucket-service.ts";
import { createBusService } from "./buses/bus-service.ts";
import { deliverEvent } from "./deliver-event.ts";
import { createForgetting } from "./forgetting.ts";
import type { Forget } from "./forgetting.ts";
import { createKeyService } from "./keys/key-service.ts";
import { createLambdaService } from "./mappings/lambda-service.ts";
import { checkGrants } from "./provision/grants.ts";
import { createScheduleService } from "./schedules/schedule-service.ts";
import { createSecretService } from "./secrets/secret-service.ts";
import type { DocumentStore } from "./state/document-store.ts";
import { startSweeping } from "./sweeping.ts";
import { createTableService } from "./tables/table-service.ts";
import { createTopicService } from "./topics/topic-service.ts";

export interface StartServicesOptions {
  readonly model: StackModel;
  /** Kept between starts; made when missing. */
  readonly dataDir: string;
  /** 0 or absent takes any free port. */
  readonly port?: number;
  /** Hears of denied calls and faults, one line each. */
  readonly log?: (line: string) => void;
  readonly onlooker?: Pick<Onlooker, "asked" | "answered"> | undefined;
}

/**
 * Starts the AWS-shaped services on one loopback address and makes in them what the model asks for. Starting again on the same
 * data folder finds everything as it was, whether the last process was stopped or killed.
 * @throws {Error} when the port or the data folder is taken, a policy cannot be evaluated, or a grant is missing that AWS asks for
 * @example const services = await startServices({ model: loadStackModel("cdk.out"), dataDir: ".sluice" })
 */
export async function startServices(options: StartServicesOptions): Promise<LocalServices> {
  const { model, dataDir } = options;
  const log = options.log ?? (() => {});
  const nowMs = Date.now;
  const policies = createPolicyBook(model);
  checkGrants(model, policies);
  mkdirSync(dataDir, { recursive: true });
  const backends = await openBackends(model, dataDir, nowMs);
  const identities = createIdentities(installationSecret(backends.documents));
  const functions: { current: Pick<FunctionHost, "invoke"> | null } = { current: null };
  let pollers: { states(): Readonly<Record<string, MappingPollState>> } | null = null;
  let door: FrontDoor;
  try {
    const services = serviceTable(model, backends, {
      functions: () => functions.current,
      states: () => pollers?.states() ?? {},
      nowMs,
      log,
      forget: createForgetting({ model, backends, dataDir, isPolling: () => pollers !== null, log }),
    });
    const port = options.port ?? 0;
    const { onlooker } = options;
    door = await openFrontDoor({ port, account: model.account, identities, policies, services, log, onlooker });
  } catch (error) {
    await backends.close();
    throw error;
  }
  const stopSweeping = startSweeping(backends, nowMs, log);
  return {
    ...handles(door, identities, backends),
    attachFunctions(host) {
      functions.current = host;
    },
    attachPollers(running) {
      pollers = running;
    },
    async stop() {
      await door.close();
      await stopSweeping();
      await backends.close();
    },
  };
}

/** A read hands out no more, however much is asked for. */
const streamRecordsMax = 1_000;

function handles(
  door: FrontDoor,
  identities: Identities,
  { tables, mappings, schedules }: Backends,
): Omit<LocalServices, "attachFunctions" | "attachPollers" | "stop"> {
  return {
    endpoint: `http://127.0.0.1:${door.port}`,
    credentialsFor: (roleArn) => identities.credentialsFor(roleArn),
    operator: identities.operator,
    async readStream(tableName, afterSequence, limit) {
      const streamArn = tables.catalog.get(tableName)?.streamArn;
      if (!streamArn) throw new Error(`The table ${tableName} has no stream.`);
      return tables.journal.read(tableName, streamArn, afterSequence, Math.min(limit, streamRecordsMax));
    },
    mappings,
    schedules,
  };
}

/** Every service that answers behind the door, by the name calls are signed for. */
function serviceTable(
  model: StackModel,
  backends: Backends,
  running: {
    readonly functions: () => Pick<FunctionHost, "invoke"> | null;
    readonly states: () => Readonly<Record<string, MappingPollState>>;
    readonly nowMs: () => number;
    readonly log: (line: string) => void;
    readonly forget: Forget;
  },
): Readonly<Record<string, ServiceHandler>> {
  const { functions, states, nowMs, log, forget } = running;
  const { fauxqs, queues } = backends;
  const kmsKeyIds = new Map(
    model.buckets.flatMap(({ name, kmsKeyId }) => (kmsKeyId === undefined ? [] : [[name, kmsKeyId] as const])),
  );
  const deliver = (targetArn: string, payload: string): Promise<void> =>
    deliverEvent(queues, functions(), targetArn, payload);
  return {
    sqs: queues,
    dynamodb: createTableService(backends.tables, model, forget),
    s3: createBucketService(fauxqs.app, { account: model.account, region: model.region, kmsKeyIds }),
    sns: createTopicService(fauxqs.app),
    secretsmanager: createSecretService(backends.secrets, model, nowMs),
    kms: createKeyService(backends.keys, model),
    events: createBusService({ model, nowMs, deliver, log }),
    scheduler: createScheduleService(backends.schedules, model, nowMs),
    lambda: createLambdaService({ model, control: backends.mappings, functions, states, nowMs }),
  };
}

/** The root of all credentials, made once for each data folder. */
function installationSecret(documents: DocumentStore): Buffer {
  const kept = documents.get("installation", "secret");
  if (typeof kept === "string") return Buffer.from(kept, "hex");
  const secret = randomBytes(32);
  documents.put("installation", "secret", secret.toString("hex"));
  return secret;
}
