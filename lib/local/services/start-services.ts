import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { ServiceHandler } from "../front-door/door-request.ts";
import { AwsError } from "../front-door/aws-error.ts";
import { openFrontDoor } from "../front-door/front-door.ts";
import { createIdentities } from "../front-door/identities.ts";
import { createPolicyBook } from "../front-door/policy/policy-book.ts";
import type { LocalServices, StackModel } from "../types.ts";
import { createBucketService } from "./buckets/bucket-service.ts";
import { createKeyService } from "./keys/key-service.ts";
import { openKeyStore } from "./keys/key-store.ts";
import { provisionQueues } from "./provision/queues.ts";
import { provisionSecrets } from "./provision/secrets.ts";
import { provisionTables } from "./provision/tables.ts";
import { makeDurable, removeExpiredMessages } from "./queues/durability.ts";
import { type Fauxqs, openFauxqs } from "./queues/fauxqs.ts";
import { createQueueService } from "./queues/queue-service.ts";
import { createSecretService } from "./secrets/secret-service.ts";
import { createSecretStore } from "./secrets/secret-store.ts";
import { type DocumentStore, openDocumentStore } from "./state/document-store.ts";
import { openDynalite } from "./tables/dynalite.ts";
import type { WriterParts } from "./tables/item-writer.ts";
import { createKeyedLocks } from "./tables/keyed-locks.ts";
import { recoverWrites } from "./tables/recover.ts";
import { openTableCatalog } from "./tables/table-catalog.ts";
import { createTableService } from "./tables/table-service.ts";
import { createTimeToLiveSweeper } from "./tables/time-to-live.ts";
import { openWriteJournal } from "./tables/write-journal.ts";

export interface StartServicesOptions {
  readonly model: StackModel;
  /** Kept between starts; made when missing. */
  readonly dataDir: string;
  /** 0 or absent takes any free port. */
  readonly port?: number;
  /** Hears of denied calls and faults, one line each. */
  readonly log?: (line: string) => void;
}

/**
 * Starts the AWS-shaped services on one loopback address and makes in them what the model asks for. Starting again on the same
 * data folder finds everything as it was, whether the last process was stopped or killed.
 * @throws {Error} when the port or the data folder is taken, or a policy cannot be evaluated
 */
export async function startServices(options: StartServicesOptions): Promise<LocalServices> {
  const { model, dataDir } = options;
  const log = options.log ?? (() => {});
  mkdirSync(dataDir, { recursive: true });
  const policies = createPolicyBook(model);
  const tables = await openTables(model, dataDir);
  const { documents } = tables;
  const fauxqs = await openFauxqs(join(dataDir, "queues"), model.region);
  makeDurable(fauxqs);
  const queueService = await createQueueService(fauxqs, model.account, model.region);
  const secrets = createSecretStore(documents);
  const keys = openKeyStore(documents);

  provisionQueues(fauxqs, queueService, model.account, model.queues);
  await provisionTables(tables.parts, model.tables);
  provisionSecrets(secrets, model.secrets, Date.now());
  for (const key of model.keys) keys.ensure(key.id, key.arn, key.aliases);

  const identities = createIdentities(installationSecret(documents));
  const services: Record<string, ServiceHandler> = {
    sqs: queueService,
    dynamodb: createTableService(tables.parts, model),
    secretsmanager: createSecretService(secrets, model, Date.now),
    kms: createKeyService(keys, model),
    s3: createBucketService(fauxqs.app, { ...model, kmsKeyIds: new Map() }),
  };
  const door = await openFrontDoor({
    port: options.port ?? 0,
    account: model.account,
    identities,
    policies,
    services,
    log,
  });
  const stopSweeping = startSweeping(fauxqs, tables.parts, log);
  return {
    endpoint: `http://127.0.0.1:${door.port}`,
    credentialsFor: (roleArn) => identities.credentialsFor(roleArn),
    operator: identities.operator,
    async readStream(tableName, afterSequence, limit) {
      const streamArn = tables.parts.catalog.get(tableName)?.streamArn;
      if (!streamArn) throw new Error(`The table ${tableName} has no stream.`);
      return tables.parts.journal.read(tableName, streamArn, afterSequence, Math.min(limit, streamRecordsMax));
    },
    async stop() {
      stopSweeping();
      await door.close();
      await fauxqs.app.close();
      fauxqs.persistence.close();
      await tables.close();
    },
  };
}

/** A read hands out no more, however much is asked for. */
const streamRecordsMax = 1_000;

async function openTables(
  model: StackModel,
  dataDir: string,
): Promise<{ parts: WriterParts; documents: DocumentStore; close(): Promise<void> }> {
  // First, because its lock keeps a second process out of the folder.
  const dynalite = await openDynalite(join(dataDir, "tables"), model.account, model.region);
  const documents = openDocumentStore(join(dataDir, "documents.db"));
  const journal = openWriteJournal(join(dataDir, "writes.db"), Date.now);
  const locks = createKeyedLocks(1_000, () => new AwsError("ThrottlingException", "Too many writes wait for one key."));
  const parts = { dynalite, journal, catalog: openTableCatalog(documents), locks };
  await recoverWrites(parts);
  return {
    parts,
    documents,
    async close() {
      await dynalite.close();
      journal.close();
      documents.close();
    },
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

const sweepMs = 30_000;
const streamRetentionMs = 24 * 3_600_000;

/** Time to live, message retention and the age of stream records, a little every half minute. */
function startSweeping(fauxqs: Fauxqs, parts: WriterParts, log: (line: string) => void): () => void {
  const sweeper = createTimeToLiveSweeper(parts);
  const sweep = async (): Promise<void> => {
    try {
      removeExpiredMessages(fauxqs, Date.now());
      parts.journal.prune(Date.now() - streamRetentionMs);
      await sweeper.sweep(Date.now());
    } catch (error) {
      log(`sweep failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const timer = setInterval(() => void sweep(), sweepMs);
  timer.unref();
  return () => clearInterval(timer);
}
