import { join } from "node:path";
import { AwsError } from "../front-door/aws-error.ts";
import type { StackModel } from "../types.ts";
import { openKeyStore, type KeyStore } from "./keys/key-store.ts";
import { openMappingControl, type MutableMappingControl } from "./mappings/mapping-control.ts";
import { provisionBuckets } from "./provision/buckets.ts";
import { provisionQueues } from "./provision/queues.ts";
import { provisionSecrets } from "./provision/secrets.ts";
import { provisionTables } from "./provision/tables.ts";
import { makeDurable } from "./queues/durability.ts";
import { type Fauxqs, openFauxqs } from "./queues/fauxqs.ts";
import { createQueueService, type QueueService } from "./queues/queue-service.ts";
import { type MutableScheduleControl, openScheduleControl } from "./schedules/schedule-store.ts";
import { createSecretStore, type SecretStore } from "./secrets/secret-store.ts";
import { type DocumentStore, openDocumentStore } from "./state/document-store.ts";
import { openDynalite } from "./tables/dynalite.ts";
import type { WriterParts } from "./tables/item-writer.ts";
import { createKeyedLocks } from "./tables/keyed-locks.ts";
import { recoverWrites } from "./tables/recover.ts";
import { openTableCatalog } from "./tables/table-catalog.ts";
import { openWriteJournal } from "./tables/write-journal.ts";

/** Everything that is kept in the data folder, open and ready. */
export interface Backends extends Storage {
  readonly queues: QueueService;
  readonly secrets: SecretStore;
  readonly keys: KeyStore;
  readonly mappings: MutableMappingControl;
  readonly schedules: MutableScheduleControl;
}

/**
 * Opens the data folder, settles what a SIGKILL left open, and makes what the model asks for. When that fails, the folder is
 * closed again.
 */
export async function openBackends(model: StackModel, dataDir: string, nowMs: () => number): Promise<Backends> {
  const storage = await openStorage(model, dataDir, nowMs);
  try {
    return await provision(model, storage, nowMs);
  } catch (error) {
    await storage.close();
    throw error;
  }
}

interface Storage {
  readonly documents: DocumentStore;
  readonly tables: WriterParts;
  readonly fauxqs: Fauxqs;
  close(): Promise<void>;
}

async function openStorage(model: StackModel, dataDir: string, nowMs: () => number): Promise<Storage> {
  // First, because its lock keeps a second process out of the folder.
  const dynalite = await openDynalite(join(dataDir, "tables"), model.account, model.region);
  const documents = openDocumentStore(join(dataDir, "documents.db"));
  const journal = openWriteJournal(join(dataDir, "writes.db"), nowMs);
  const fauxqs = await openFauxqs(join(dataDir, "queues"), model.region);
  return {
    documents,
    tables: { dynalite, journal, catalog: openTableCatalog(documents), locks: writeLocks() },
    fauxqs,
    async close() {
      await fauxqs.app.close();
      fauxqs.persistence.close();
      await dynalite.close();
      journal.close();
      documents.close();
    },
  };
}

async function provision(model: StackModel, storage: Storage, nowMs: () => number): Promise<Backends> {
  const { documents, tables, fauxqs } = storage;
  await recoverWrites(tables);
  await provisionTables(tables, model.tables);
  makeDurable(fauxqs);
  const queues = await createQueueService(fauxqs, model.account, model.region);
  provisionQueues(fauxqs, queues, model.account, model.queues);
  provisionBuckets(fauxqs, model);
  const secrets = createSecretStore(documents);
  provisionSecrets(secrets, model.secrets, nowMs());
  const keys = openKeyStore(documents);
  for (const key of model.keys) keys.ensure(key.id, key.arn, key.aliases);
  const mappings = openMappingControl(documents, model.mappings);
  const schedules = openScheduleControl(documents, model.schedules);
  return { ...storage, queues, secrets, keys, mappings, schedules };
}

const writersWaitingMax = 1_000;

function writeLocks(): WriterParts["locks"] {
  return createKeyedLocks(
    writersWaitingMax,
    () => new AwsError("ThrottlingException", `More than ${writersWaitingMax} writes wait for one key.`),
  );
}
