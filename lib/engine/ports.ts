import type { ChangeEvent } from "./change-event.ts";
import type { CallTallies } from "./call-tallies.ts";
import type { ConnectionStore } from "./connection-ports.ts";
import type { ControlStore, ParkedJobs } from "./control-ports.ts";
import type { PartnerDriver } from "./define-partner.ts";
import type { ErrorKind } from "./errors.ts";
import type { LimitOwner, LimitRule } from "./gate/limit-rule.ts";
import type { HistoryEntry } from "./history.ts";
import type { Job, Lane } from "./job.ts";
import type { CredentialAttempts } from "./oauth/credential-attempt.ts";
import type { GiveUp, Lanes } from "./lane-ports.ts";
import type { RecordCandidate, RecordFilter, RecordMark, RecordScope, StoredRecord, WriteOutcome } from "./record.ts";
import type { Run } from "./run.ts";
import type { Transport } from "./transport-port.ts";

export type * from "./connection-ports.ts";
export type * from "./control-ports.ts";
export type * from "./lane-ports.ts";
export type * from "./transport-port.ts";

/** Everything that flows use of the world. On AWS, on the local stack and in tests the same flows run on other ports. */
export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly transport: Transport;
  /** Where a person's browser is sent for an address of a partner: there; on the local stack to the sandbox in its place. */
  readonly browserUrl: (url: string) => string;
  readonly gate: Gate;
  readonly lanes: Lanes;
  readonly runs: RunStore;
  readonly records: RecordStore;
  readonly history: HistoryStore;
  readonly events: ChangeBus;
  readonly connections: ConnectionStore;
  readonly credentials: Credentials;
  readonly attempts: CredentialAttempts;
  readonly leases: Leases;
  readonly partnerSecrets: PartnerSecrets;
  readonly claims: ClaimChecks;
  readonly deliveries: Deliveries;
  readonly failures: FailureStore;
  readonly control: ControlStore;
  readonly parked: ParkedJobs;
  /** This worker's own counts of its calls, for the breakers. */
  readonly tallies: CallTallies;
  readonly audit: AuditLog;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly partners: PartnerRegistry;
}

export interface Clock {
  nowMs(): number;
  /** Resolves after `delayMs`; flows bound every delay themselves. */
  sleep(delayMs: number): Promise<void>;
}

export interface Random {
  /** In [0, 1). */
  unit(): number;
  /** Unique, url-safe, at most 40 characters. */
  id(): string;
}

export interface PartnerRegistry {
  find(name: string): PartnerDriver | null;
  all(): readonly PartnerDriver[];
}

// —— Gate ————————————————————————————————————————————————————————————————————————————————————————

/** One limit that a call counts against: a bucket, and how the partner counts what is in it. */
export interface BucketScope {
  /** The item: everything that shares one quota, e.g. `stripe#acct`, `stripe#app`. */
  readonly item: string;
  /** The bucket in it: a tier, or an endpoint's name and its tier. */
  readonly bucket: string;
  readonly rule: LimitRule;
  /** Of the limit, how much we use: 0.85 unless the driver says otherwise. */
  readonly share: number;
  /** How far two calls' times from date to arrival may differ. */
  readonly uncertaintyMs: number;
  /** Kept for the webhooks' lane while it is in use. */
  readonly highShare: number;
  /** Whose calls it counts, for a partner that says which of its limits refused; "account" where nothing is said. */
  readonly per?: LimitOwner;
}

/** What a partner's answer says of its limits. All of it only tightens. */
export interface LimitHints {
  /** The partner asked us to stay away until then. */
  readonly notBeforeMs: number | null;
  /** What windows have left; `perMs` names the window where the header does. */
  readonly remaining: readonly RemainingHint[];
  /** Which limit the partner named, where it does. */
  readonly reason: "endpoint" | "account" | "concurrency" | null;
  /** What the call really cost, where the partner says. */
  readonly usedWeight: number | null;
}

export interface RemainingHint {
  readonly perMs: number | null;
  readonly remaining: number;
  readonly resetAtMs: number | null;
  readonly limit: number | null;
}

export type Reservation =
  /** Tokens are dated: send each at its time, and abandon one that is more than `lateMsMax` late. */
  | { readonly kind: "granted"; readonly id: string; readonly sendAtMs: readonly number[]; readonly lateMsMax: number }
  | { readonly kind: "refused"; readonly retryAtMs: number; readonly reason: "limit" | "breaker" | "paused" };

export interface Gate {
  reserve(request: {
    readonly scopes: readonly BucketScope[];
    readonly weight: number;
    readonly want: number;
    readonly lane: Lane;
    /** Whose call it is: nobody starves another of a limit that they share. */
    readonly connectionId: string;
    /** Tokens dated later than this are of no use to the caller. */
    readonly deadlineMs: number;
    /** For calls that follow one another: no two tokens are dated closer than this. */
    readonly paceMs?: number;
  }): Promise<Reservation>;
  settle(
    id: string,
    outcome: {
      readonly scopes: readonly BucketScope[];
      readonly connectionId: string;
      readonly sent: number;
      readonly unused: number;
      readonly kinds: readonly ErrorKind[];
      readonly hints: LimitHints;
    },
  ): Promise<void>;
}

/** How an account's quota stands, for people to look at; taking tokens goes by `Gate`. */
export interface GateGauge {
  /** `item` as in `BucketScope`. Changes nothing. */
  look(item: string): Promise<GateState>;
}

export interface GateState {
  /** When the fullest of the account's limits admits its next call; null when none of them is in use. */
  readonly heldUntilMs: number | null;
  /** How many of its limits are in use. */
  readonly limitsInUse: number;
}

// —— Tables ——————————————————————————————————————————————————————————————————————————————————————

export interface RunStore {
  /** Stores a new run; a run of that id that exists is left as it is. */
  create(run: Run): Promise<"created" | "exists">;
  read(partner: string, connectionId: string, runId: string): Promise<Run | null>;
  /** Stores `next` if the stored revision is `next.revision - 1`. */
  compareAndSet(next: Run): Promise<"stored" | "superseded">;
  /** Active runs whose `nextLookMs` has passed, oldest first. */
  standingStill(partner: string, nowMs: number, limit: number): Promise<readonly Run[]>;
  list(partner: string, connectionId: string, page: PageRequest): Promise<Page<Run>>;
  /** Keeps some of what a full pass has seen, as `seenBits`, for as long as the run may need it; a part is stored whole. */
  noteSeen(of: RunKey, part: string, bits: Uint32Array, nowMs: number): Promise<void>;
  /** What was kept, some parts a call; `next` is what to go on after. */
  readSeen(
    of: RunKey,
    after: string | null,
  ): Promise<{ readonly bits: readonly Uint32Array[]; readonly next: string | null }>;
}

export type RunKey = Pick<Run, "partner" | "connectionId" | "runId">;

export interface RecordStore {
  read(scope: RecordScope, externalId: string): Promise<StoredRecord | null>;
  /** At most 100 ids. */
  marks(scope: RecordScope, externalIds: readonly string[]): Promise<ReadonlyMap<string, RecordMark>>;
  /** Marks by the digests index, in the order of the ids' bytes, after an id; a moment old. `next` is the id to go on after. */
  digests(
    scope: RecordScope,
    after: string | null,
    limit: number,
  ): Promise<{ readonly marks: readonly RecordMark[]; readonly next: string | null }>;
  /** Writes on condition that the candidate is newer than what is stored; the version is counted by the store. */
  write(scope: RecordScope, candidate: RecordCandidate, mark: RecordMark | null): Promise<WriteOutcome>;
  list(scope: RecordScope, page: PageRequest): Promise<Page<StoredRecord>>;
  /** Those of a kind, by id; a moment old. A page may hold few or none and still lead on, as what is looked at is bounded too. */
  find(scope: RecordScope, filter: RecordFilter, page: PageRequest): Promise<Omit<Page<StoredRecord>, "total">>;
}

/** Append only: a version that is there stays as it is. */
export interface HistoryStore {
  append(entry: HistoryEntry): Promise<"appended" | "exists">;
  /** The newest first. */
  list(scope: RecordScope, externalId: string, limit: number): Promise<readonly HistoryEntry[]>;
}

/** Tells applications what changed. */
export interface ChangeBus {
  /** At most 10 a call, in their order; rejects unless all were taken, and may then have taken some. */
  publish(events: readonly ChangeEvent[]): Promise<void>;
}

export interface PageRequest {
  readonly limit: number;
  /** Opaque; from a former page. */
  readonly cursor: string | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
  readonly previous: string | null;
  readonly total: number;
}

/** What a connection signs its calls with: `{ apiKey }` or `{ clientId, clientSecret, accessToken, … }`; the driver's schema says. */
export type CredentialFields = Readonly<Record<string, string>>;

export interface Credential {
  readonly fields: CredentialFields;
  /** Which stored state this is: replacing is conditional on it. */
  readonly revision: number;
  readonly storedAtMs: number;
}

export interface Credentials {
  /** May be up to a minute old; `fresh` asks the store. */
  read(
    connection: { readonly partner: string; readonly connectionId: string },
    options?: { readonly fresh: boolean },
  ): Promise<Credential | null>;
  /** Stores a first credential, or replaces `used` if it is still the stored one. */
  replace(
    connection: { readonly partner: string; readonly connectionId: string },
    used: Credential | null,
    next: CredentialFields,
  ): Promise<"stored" | "superseded">;
  /**
   * Stores what a person gave over whatever is there, without opening it: the API may seal credentials and open none. A
   * refresh that is under way finds its `used` superseded.
   */
  overwrite(
    connection: { readonly partner: string; readonly connectionId: string },
    next: CredentialFields,
  ): Promise<void>;
}

export interface Lease {
  readonly kind: "leased";
  readonly key: string;
  /** Counts the holders: a later one's is greater. */
  readonly fence: number;
  readonly expiresAtMs: number;
}

/** Short exclusive rights that end by themselves: a holder that dies holds nobody up for longer than `ttlMs`. */
export interface Leases {
  acquire(key: string, ttlMs: number): Promise<Lease | { readonly kind: "held"; readonly expiresAtMs: number }>;
  /** Gives the right back early, if it is still this lease's. */
  release(lease: Lease): Promise<void>;
}

/** The partner-wide secret, cached by the port for a bounded time. */
export interface PartnerSecret {
  /** Keys the connection ids' MAC and seals the connections' webhook secrets. */
  readonly connectionKey: string;
  readonly webhookSecrets: readonly string[];
  readonly app: Readonly<Record<string, string>>;
}

export interface PartnerSecrets {
  /** May be up to a minute old; `fresh` asks the store, unless that was done within the last ten seconds. */
  read(partner: string, options?: { readonly fresh: boolean }): Promise<PartnerSecret | null>;
}

/** Webhooks that were worked to their end, where nothing in them says how old they are. */
export interface Deliveries {
  isDone(partner: string, key: string): Promise<boolean>;
  /** Remembered until then, and possibly a few days longer. */
  markDone(partner: string, key: string, untilMs: number): Promise<void>;
}

/** Whose a body is; connection null where it is not known. */
export interface ClaimOwner {
  readonly partner: string;
  readonly connectionId: string | null;
}

/** Bodies too large for a queue or an item, under the hash of their content. */
export interface ClaimChecks {
  put(owner: ClaimOwner, body: Uint8Array): Promise<string>;
  get(key: string): Promise<Uint8Array | null>;
}

export interface Failure {
  readonly partner: string;
  /** `-` when the job never got as far as a connection. */
  readonly connectionId: string;
  readonly failureId: string;
  readonly fingerprint: string;
  readonly status: "open" | "replaying" | "resolved" | "discarded";
  readonly job: Job | null;
  /** The message as it came, when it is no job at all; at most 1 KB. */
  readonly raw: string | null;
  readonly why: GiveUp;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  /** How often it came back. */
  readonly seen: number;
  readonly replays: number;
}

export interface FailureStore {
  /** Stores a failure, or counts it as seen again (and open) if it is there. */
  record(failure: Failure): Promise<void>;
  read(partner: string, connectionId: string, failureId: string): Promise<Failure | null>;
  /** Moves a failure from one of `from` to `to`; counts a replay when `to` is `replaying`. */
  move(
    failure: Pick<Failure, "partner" | "connectionId" | "failureId">,
    from: readonly Failure["status"][],
    to: Failure["status"],
    nowMs: number,
    /** Only where it was not seen again since. */
    seenUntilMs?: number,
  ): Promise<"moved" | "not-there">;
  /** Open ones of a connection whose ids begin so and that were last seen before a time, the oldest first; looked for among 1,000. */
  openBefore(
    of: { readonly partner: string; readonly connectionId: string; readonly idPrefix: string },
    seenBeforeMs: number,
    limit: number,
  ): Promise<readonly Pick<Failure, "partner" | "connectionId" | "failureId" | "lastSeenAtMs">[]>;
  list(
    filter: { readonly partner?: string; readonly connectionId?: string; readonly status?: Failure["status"] },
    page: PageRequest,
  ): Promise<Page<Failure>>;
}

export interface AuditEntry {
  readonly atMs: number;
  readonly id: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, string>>;
}

/** Append only. */
export interface AuditLog {
  append(entry: AuditEntry): Promise<void>;
}

// —— Telemetry ———————————————————————————————————————————————————————————————————————————————————

/** Low cardinality only: partner and lane are the dimensions, never a connection. */
export interface Metrics {
  count(name: string, value: number, dimensions: { readonly partner?: string; readonly kind?: string }): void;
}

/** Structured; every field passes the redactor and is cut at a bound. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
