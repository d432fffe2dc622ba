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

/** The part of fauxqs that is used: stores and their persistence, the SQS actions, and the app that serves S3 and SNS. */
export interface Fauxqs {
  readonly queues: FauxqsStore;
  readonly topics: { persistence?: FauxqsPersistence };
  readonly buckets: { persistence?: FauxqsPersistence };
  readonly persistence: FauxqsPersistence;
  readonly app: FauxqsApp;
  /** An SQS action by its file: answers, or throws an error with `code` and `statusCode`. */
  action(name: string): Promise<FauxqsAction>;
}

export type FauxqsAction = (body: unknown, store: FauxqsStore, request: { headers: unknown }) => unknown;

/**
 * Opens fauxqs on a folder without any port: its own start function listens on every interface. The package exports neither
 * the stores nor their SQLite persistence, so they are loaded by path; its version is pinned, and tests cover what is used.
 */
export async function openFauxqs(folder: string, region: string): Promise<Fauxqs> {
  const packageJson = findPackageJSON("fauxqs", import.meta.url);
  if (packageJson === undefined) throw new Error("The package fauxqs is missing: run npm ci.");
  const load = (file: string) => import(new URL(`dist/${file}`, pathToFileURL(packageJson)).href);
  const [app, sqs, sns, s3, durable] = await Promise.all(
    ["app.js", "sqs/sqsStore.js", "sns/snsStore.js", "s3/s3Store.js", "persistence.js"].map(load),
  );
  const queues: FauxqsStore = new sqs.SqsStore();
  const topics = new sns.SnsStore();
  const buckets = new s3.S3Store();
  const persistence: FauxqsPersistence = new durable.PersistenceManager(folder);
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
    app: app.buildApp({ logger: false, defaultRegion: region, stores }),
    async action(name) {
      const module = await load(`sqs/actions/${name}.js`);
      return module[name];
    },
  };
}
