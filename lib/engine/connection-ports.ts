import type { CredentialStand } from "./credential-stand.ts";
import type { Page, PageRequest } from "./ports.ts";
import type { RefreshAsk } from "./refresh-ask.ts";
import type { RunMode } from "./run.ts";
import type { Subscription } from "./subscription.ts";
import type { RunSummary } from "./sync-health.ts";

export interface Connection {
  readonly partner: string;
  readonly connectionId: string;
  readonly tenantId: string;
  readonly name: string;
  /** The account's id at the partner, where webhooks name it; null when they do not. */
  readonly account: string | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly status: "active" | "paused" | "needs-reconnect";
  /** Why it is not active and what to do, where that was not a person's wish. */
  readonly statusReason?: string;
  /** Sealed under the partner's connection key, so that a webhook needs no KMS call; null when the partner-wide secrets serve. */
  readonly sealedWebhookSecret: string | null;
  /** How its webhooks are registered with the partner; absent where nobody asked for that. */
  readonly subscription?: Subscription;
  /** Absent until a credential is stored. */
  readonly credential?: CredentialStand;
  readonly revision: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** How one resource of one connection stands. */
export interface ResourceState {
  readonly partner: string;
  readonly connectionId: string;
  readonly resource: string;
  /** null: not scheduled (paused, or never to be imported). */
  readonly nextDueMs: number | null;
  readonly activeRunId: string | null;
  readonly watermarkMs: number | null;
  readonly fullPassAtMs: number | null;
  /** Absent or null: no import that was asked for is still owed. */
  readonly refreshAsked?: RefreshAsk | null;
  /** What the partner gave for the next import of changes to start from. */
  readonly syncToken?: string;
  readonly succeededAtMs: number | null;
  readonly lastError: { readonly atMs: number; readonly code: string; readonly kind: string } | null;
  /** Absent where none has ended yet. */
  readonly lastRun?: RunSummary;
  readonly failuresInRow?: number;
  /** What the last runs of each mode fetched, of those that can be compared. */
  readonly volumes?: Readonly<Partial<Record<RunMode, number>>>;
  readonly revision: number;
}

/** A small document beside a connection, or beside the whole partner; whoever reads it knows its schema. */
export interface Note {
  readonly partner: string;
  /** A connection's id, with which it is removed; or a word for what is all connections'. */
  readonly owner: string;
  readonly name: string;
  readonly revision: number;
  readonly body: unknown;
}

export interface ConnectionStore {
  create(connection: Connection): Promise<"created" | "exists">;
  /** `fresh` is for ports that keep what they read: it asks the store, unless that was done within the last ten seconds. */
  read(partner: string, connectionId: string, options?: { readonly fresh: boolean }): Promise<Connection | null>;
  findByAccount(partner: string, account: string): Promise<Connection | null>;
  /** Whether what is not there was removed or erased: what still comes for it is dropped, not given up. */
  isGone(partner: string, of: { readonly connectionId: string } | { readonly account: string }): Promise<boolean>;
  /** Stores `next` if the stored revision is `next.revision - 1`. */
  compareAndSet(next: Connection): Promise<"stored" | "superseded">;
  /** Removes the connection, its credential and its resource states. */
  remove(partner: string, connectionId: string): Promise<void>;
  list(tenantId: string | null, page: PageRequest): Promise<Page<Connection>>;
  readResource(partner: string, connectionId: string, resource: string): Promise<ResourceState | null>;
  listResources(partner: string, connectionId: string): Promise<readonly ResourceState[]>;
  createResource(state: ResourceState): Promise<"created" | "exists">;
  compareAndSetResource(next: ResourceState): Promise<"stored" | "superseded">;
  readNote(partner: string, owner: string, name: string): Promise<Note | null>;
  /** Stores a first revision where there is none, or `next` if the stored revision is `next.revision - 1`. */
  writeNote(next: Note): Promise<"stored" | "superseded">;
  /** Resource states whose `nextDueMs` has passed, oldest first, over all shards of the partner. */
  due(partner: string, nowMs: number, limit: number): Promise<readonly ResourceState[]>;
  /** Connections whose own look (`nextLookOf`) has come, the longest overdue first; a moment old. */
  dueLooks(partner: string, nowMs: number, limit: number): Promise<readonly Connection[]>;
}
