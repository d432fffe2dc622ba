import { createHash } from "node:crypto";
import type { RecordScope } from "./record.ts";

/** What is kept of a connection, by where it is kept. `answers` are the API's own, kept for callers that ask again. */
export const remainKinds = ["records", "history", "failures", "runs", "objects", "answers", "connection"] as const;
export type RemainKind = (typeof remainKinds)[number];
export type Remains = Readonly<Record<RemainKind, number>>;

export const noRemains: Remains = {
  records: 0,
  history: 0,
  failures: 0,
  runs: 0,
  objects: 0,
  answers: 0,
  connection: 0,
};

/** The mark of a connection that is gone for everybody, in its place: whose it was, until nothing is left of it. */
export interface Erasure {
  readonly partner: string;
  readonly connectionId: string;
  /** `removed`: deleted, its failures and runs stay for their time. `erasing`: nothing is to stay. `erased`: nothing has stayed. */
  readonly stage: "removed" | "erasing" | "erased";
  /** null once it is erased. */
  readonly tenantId: string | null;
  readonly account: string | null;
  /** The item of its quota, which may name its account; null where others share it. */
  readonly quotaItem: string | null;
  readonly resources: readonly string[];
  readonly markedAtMs: number;
  /** How far the API's kept answers were looked through by the calls before; absent: not yet, or to their end. */
  readonly answersAfter?: string;
  readonly revision: number;
}

/** A worker that had the connection before it was marked is at its end by then: longer than a lease, or any function but the emergency's. */
export const quietMs = 90_000;
/** Longer than a dead-letter queue keeps a message: until then one may come and has to be known as erased. */
export const markKeptMs = 20 * 86_400_000;
/** A removed connection's closed failures and ended runs are kept as long; so long its tenant can have them erased. */
export const removedKeptMs = 95 * 86_400_000;

/** An erased account is known by this alone. */
export function accountHashOf(partner: string, account: string): string {
  return createHash("sha256")
    .update(JSON.stringify([partner, account]))
    .digest("base64url");
}

export function addRemains(one: Remains, other: Partial<Remains>): Remains {
  const sums = remainKinds.map((kind): [RemainKind, number] => [kind, one[kind] + (other[kind] ?? 0)]);
  return { ...noRemains, ...Object.fromEntries(sums) };
}

/** A piece of an erasure. */
export interface Cleared {
  readonly removed: Partial<Remains>;
  /** There may be more: false only where all of it was looked at. */
  readonly left: boolean;
  /** Where to go on among the answers, which have to be looked through from end to end. */
  readonly answersAfter?: string;
}

/** What is left of a connection, counted some at a time. */
export interface Counted {
  readonly counts: Remains;
  /** Where to go on counting; null: that was all. */
  readonly next: string | null;
}

/** What is kept of a connection outside its records: a failure, a parked job, a body that was too large for a queue. */
export interface Kept {
  readonly kind: "failure" | "job" | "body";
  readonly id: string;
  /** Everything of it that may name somebody, payloads as they came: read one by one, as each may be as large as a body. */
  texts(): AsyncIterable<string>;
  /** Where to go on after it. */
  readonly place: string;
}

export type KeptKey = Pick<Kept, "kind" | "id">;

export interface KeptPage {
  readonly items: readonly Kept[];
  /** Where to go on; null: that was all. */
  readonly next: string | null;
}

/** Removes what is kept of a connection, a bounded part a call; whatever dies in between, the same call goes on. */
export interface Eraser {
  read(partner: string, connectionId: string): Promise<Erasure | null>;
  /** Puts the mark in the connection's place, or moves it on; superseded where it changed meanwhile. */
  mark(erasure: Erasure): Promise<"stored" | "superseded">;
  /** Connections of a tenant that are marked and not yet erased. */
  ofTenant(tenantId: string, limit: number): Promise<readonly Erasure[]>;
  clear(
    kind: RemainKind,
    of: Pick<Erasure, "partner" | "connectionId" | "resources" | "account" | "quotaItem" | "answersAfter">,
  ): Promise<Cleared>;
  /** Single things with all of their states, and what failed of them. */
  clearRecords(scope: RecordScope, externalIds: readonly string[]): Promise<Partial<Remains>>;
  /** All states of one thing, and what of them is in the bucket; with its record, where that is not to stay either. */
  clearStates(scope: RecordScope, externalId: string, of: "history" | "history-and-record"): Promise<void>;
  /** What is kept outside the records, some at a time; whatever no longer can be read is left out. */
  kept(of: Pick<Erasure, "partner" | "connectionId">, after: string | null): Promise<KeptPage>;
  /** Removes some of it, with what of it is in the bucket. */
  clearKept(of: Pick<Erasure, "partner" | "connectionId">, kept: readonly KeptKey[]): Promise<Partial<Remains>>;
  /** What is left, the mark aside. */
  count(of: Pick<Erasure, "partner" | "connectionId" | "resources">, after: string | null): Promise<Counted>;
}
