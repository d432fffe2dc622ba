import { findPackageJSON } from "node:module";
import { pathToFileURL } from "node:url";
import type { DatabaseSync } from "node:sqlite";

/** A message as fauxqs keeps it; `extras` are the local stack's own, see message-extras.ts. */
export interface FauxqsMessage {
  readonly messageId: string;
  readonly body: string;
  readonly sentTimestamp: number;
  extras?: MessageExtras;
}

/** System attributes that fauxqs does not keep. */
export interface MessageExtras {
  readonly senderId?: string;
  readonly traceHeader?: string;
  readonly messageGroupId?: string;
  readonly deadLetterQueueSourceArn?: string;
}

export interface FauxqsQueue {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly attributes: Record<string, string>;
  messages: FauxqsMessage[];
  delayedMessages: FauxqsMessage[];
  readonly inflightMessages: Map<string, { readonly message: FauxqsMessage; readonly visibilityDeadline: number }>;
  persistence?: FauxqsPersistence;
  enqueue(message: FauxqsMessage): void;
  dequeue(...args: unknown[]): unknown[];
  /** Makes visible what has become due. */
  processTimers(): void;
  setAttributes(attributes: Record<string, string>): void;
  isFifo(): boolean;
}

export interface FauxqsStore {
  host: string;
  region?: string;
  persistence?: FauxqsPersistence;
  createQueue(name: string, url: string, arn: string, attributes?: Record<string, string>): FauxqsQueue;
  getQueue(url: string): FauxqsQueue | undefined;
  getQueueByName(name: string): FauxqsQueue | undefined;
  getQueueByArn(arn: string): FauxqsQueue | undefined;
  allQueues(): Iterable<FauxqsQueue>;
}

export interface FauxqsPersistence {
  readonly db: DatabaseSync;
  transaction(work: () => void): void;
  insertMessage(queueName: string, message: FauxqsMessage): void;
  deleteMessage(messageId: string): void;
  updateMessageReady(messageId: string): void;
  load(queues: FauxqsStore, topics: unknown, buckets: unknown): void;
  close(): void;
}

export interface FauxqsApp {
  removeContentTypeParser(type: string): void;
  addContentTypeParser(
    type: string,
    options: { readonly parseAs: "buffer"; readonly bodyLimit: number },
    parser: (request: unknown, body: Buffer, done: (error: null, body: Buffer) => void) => void,
  ): void;
  inject(request: {
    method: string;
    url: string;
    headers: Readonly<Record<string, string>>;
    payload: Buffer;
  }): Promise<{
    readonly statusCode: number;
    readonly headers: Readonly<Record<string, string | number | string[] | undefined>>;
    readonly rawPayload: Buffer;
  }>;
  close(): Promise<void>;
}

export interface FauxqsTopics {
  persistence?: FauxqsPersistence;
  createTopic(name: string, attributes: undefined, tags: undefined, region: string): unknown;
}

export interface FauxqsBuckets {
  persistence?: FauxqsPersistence;
  hasBucket(name: string): boolean;
  createBucket(name: string): void;
}

/** The part of fauxqs that is used: stores and their persistence, the SQS actions, and the app that serves S3 and SNS. */
export interface Fauxqs {
  readonly queues: FauxqsStore;
  readonly topics: FauxqsTopics;
  readonly buckets: FauxqsBuckets;
  readonly persistence: FauxqsPersistence;
  readonly app: FauxqsApp;
  /** An SQS action by its file: answers, or throws an error with `code` and `statusCode`. */
  action(name: string): Promise<FauxqsAction>;
}

export type FauxqsAction = (body: unknown, store: FauxqsStore, request: { headers: unknown }) => unknown;

/** The largest object that is put in one call. */
export const objectBytesMax = 64 * 1024 * 1024;

/** fauxqs ends at 11 MiB, and offers no setting for it. */
function withLargeBodies(app: FauxqsApp): FauxqsApp {
  app.removeContentTypeParser("*");
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: objectBytesMax }, (_request, body, done) =>
    done(null, body),
  );
  return app;
}

interface AppModule {
  readonly buildApp: (options: {
    logger: boolean;
    defaultRegion: string;
    stores: Readonly<Record<string, unknown>>;
  }) => FauxqsApp;
}

interface PersistenceModule {
  readonly PersistenceManager: new (folder: string) => FauxqsPersistence;
}

/**
 * Opens fauxqs on a folder without any port: its own start function listens on every interface. The package exports neither
 * the stores nor their SQLite persistence, so they are loaded by path; its version is pinned, and tests cover what is used.
 */
export async function openFauxqs(folder: string, region: string): Promise<Fauxqs> {
  const packageJson = findPackageJSON("fauxqs", import.meta.url);
  if (packageJson === undefined) throw new Error("The package fauxqs is missing: run npm ci.");
  const load = <Module>(file: string): Promise<Module> =>
    // Modules of a package without exports for them; their use is confined to this file.
    import(new URL(`dist/${file}`, pathToFileURL(packageJson)).href) as Promise<Module>;
  const { buildApp } = await load<AppModule>("app.js");
  const { SqsStore } = await load<{ SqsStore: new () => FauxqsStore }>("sqs/sqsStore.js");
  const { SnsStore } = await load<{ SnsStore: new () => FauxqsTopics }>("sns/snsStore.js");
  const { S3Store } = await load<{ S3Store: new () => FauxqsBuckets }>("s3/s3Store.js");
  const { PersistenceManager } = await load<PersistenceModule>("persistence.js");
  const queues = new SqsStore();
  const topics = new SnsStore();
  const buckets = new S3Store();
  const persistence = new PersistenceManager(folder);
  // A SIGKILL needs no sync to disk at each commit, see openDurableDatabase.
  persistence.db.exec("PRAGMA synchronous = NORMAL");
  queues.host = "";
  queues.region = region;
  const stores = { sqsStore: queues, snsStore: topics, s3Store: buckets };
  return {
    queues,
    topics,
    buckets,
    persistence,
    app: withLargeBodies(buildApp({ logger: false, defaultRegion: region, stores })),
    async action(name) {
      const module = await load<Readonly<Record<string, FauxqsAction>>>(`sqs/actions/${name}.js`);
      const action = module[name];
      if (action === undefined) throw new Error(`fauxqs has no action ${name}`);
      return action;
    },
  };
}
