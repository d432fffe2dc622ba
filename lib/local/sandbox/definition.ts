import type { IncomingHttpHeaders } from "node:http";
import type { SandboxClock } from "./clock.ts";
import type { SandboxDemo } from "./demo.ts";
import type { IdempotencyKeys } from "./idempotency-keys.ts";
import type { JournalEntry, Reference } from "./journal-entry.ts";
import type { LimitRule, Refusal } from "./limiter.ts";
import type { FailureKind, MisbehaviourRequest } from "./misbehaviour.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Random } from "./random.ts";
import type { Endpoint } from "./router.ts";
import type { SignWebhook } from "./webhook-sender.ts";

/** A stand-in for one partner's API. It shares no code with the driver, so that it can judge it. */
export interface SandboxDefinition {
  readonly name: string;
  /** The real host names that it stands for, e.g. `api.stripe.com`. */
  readonly hosts: readonly string[];
  /** Types of which only the newest so many are kept, e.g. events. */
  readonly keepNewest?: Readonly<Record<string, number>>;
  /** What a demonstration and the smoke run have to know of it. */
  readonly demo: SandboxDemo;
  /** Our registration at its authorization server, if it has one: the local stack is told of it. */
  readonly app?: { readonly clientId: string; readonly clientSecret: string };
  create(context: SandboxContext): Sandbox;
}

/** What the kit gives a partner's sandbox. Time and chance come only from here. */
export interface SandboxContext {
  readonly clock: SandboxClock;
  readonly random: Random;
  /** The sandbox's own folder, kept over restarts. */
  readonly dataDir: string;
  readonly objects: ObjectStore;
  readonly idempotencyKeys: IdempotencyKeys;
  /** How many webhooks are still to be delivered, for refusing more than can be held. */
  pendingWebhooks(): number;
  /** Makes a fact durable, then true. */
  record(entry: JournalEntry): void;
}

/** A request as it arrived; its body was read to the end. */
export interface SandboxRequest {
  /** Number of its answer in the ledger. */
  readonly number: number;
  readonly arrivedAtMs: number;
  readonly method: string;
  readonly path: string;
  /** Without the question mark, as sent. */
  readonly query: string;
  readonly template: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Runs when the answer has been sent or the caller has gone. */
  onClosed(run: () => void): void;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string goes out as it is, everything else as JSON. */
  readonly body: unknown;
  /** The objects in the answer; of a 404 or 410, or the 400 of a vendor that says it so, the deleted object that it tells of. */
  readonly references?: readonly Reference[];
  /** Objects that it carries inside others, such as an event's. */
  readonly snapshots?: readonly Reference[];
  /** The answer is one object rather than a list. */
  readonly single?: boolean;
}

export type Identified =
  { readonly kind: "account"; readonly account: string } | { readonly kind: "reply"; readonly reply: Reply };

export interface Route extends Endpoint {
  handle(request: SandboxRequest, account: string): Reply;
}

export interface ControlRoute extends Endpoint {
  handle(request: SandboxRequest): Reply;
}

export interface Sandbox {
  readonly routes: readonly Route[];
  /** The partner's own control endpoints, below `/__sandbox/`. */
  readonly controls: readonly ControlRoute[];
  /** Whose request it is. Its body is not there yet: limits are judged when a request arrives. */
  identify(request: SandboxRequest): Identified;
  limits(account: string, request: SandboxRequest): readonly LimitRule[];
  /** The vendor's answer to a request over a limit. */
  refuse(refusal: Refusal, request: SandboxRequest): Reply;
  /** The vendor's answer for a failure made on request. */
  fail(kind: FailureKind, asked: MisbehaviourRequest, request: SandboxRequest, account: string): Reply;
  notFound(request: SandboxRequest): Reply;
  /** Headers of every answer. */
  headers(request: SandboxRequest): Readonly<Record<string, string>>;
  readonly sign: SignWebhook;
}
