import type * as z from "zod";
import { checkChildren } from "./child-driver.ts";
import type { ChildDriver } from "./child-driver.ts";
import type { Model } from "../models/model.ts";
import type { ErrorKind } from "./errors.ts";
import type { HintSource } from "./hints/hint-source.ts";
import { importStrategyOf } from "./import-strategy.ts";
import type { Schedule } from "./import-strategy.ts";
import type { LimitDeclaration } from "./gate/limit-rule.ts";
import type { Retention } from "./retention.ts";
import type { PageStrategy } from "./pages/page-strategy.ts";
import type { Verification } from "./signatures/verification.ts";
import { checkWebhook } from "./webhooks/check-webhook.ts";
import type { Challenge, WebhookAnswer } from "./webhooks/webhook-answer.ts";
import type { SubscriptionDriver } from "./subscription-driver.ts";
import type { WebhookBody, WebhookFacts, WebhookPart } from "./webhook-event.ts";

export type { ChildAsk, ChildDriver } from "./child-driver.ts";
export type * from "./subscription-driver.ts";
export type { LimitDeclaration, LimitOwner, LimitRule, WindowReset } from "./gate/limit-rule.ts";
export type { WebhookBody, WebhookFacts, WebhookPart } from "./webhook-event.ts";

/**
 * The one definition of a partner that stacks, consumers, console, docs and tests read: data where partners agree, pure
 * functions where they differ.
 *
 * @example
 * export const acme = definePartner({ name: "acme", …, resources: { orders: resource({ … }) } });
 */
export function definePartner<const Resource extends string>(
  definition: PartnerDefinition<Resource>,
): PartnerDriver<Resource> {
  checkChildren(definition);
  checkWebhook(definition.name, definition.webhook);
  const frozen = Object.freeze({ ...definition, resources: scheduled(definition) });
  if (definition.module !== undefined && !firstOf.has(definition.module)) firstOf.set(definition.module, frozen);
  return frozen;
}

/** A resource that states no times of its own is imported as often as its partner's abilities ask for. */
function scheduled<Resource extends string>(
  definition: PartnerDefinition<Resource>,
): Readonly<Record<Resource, ResourceDriver>> {
  const { webhook: told } = definition;
  const entries = Object.entries<ResourceDraft>(definition.resources).map(([name, draft]) => {
    const usual = importStrategyOf(name, { ...draft, webhook: told });
    const everyMs = Math.min(usual.everyMs, draft.fullEveryMs ?? usual.everyMs);
    return [name, { everyMs, fullEveryMs: Math.max(usual.fullEveryMs, draft.everyMs ?? 0), ...draft }] as const;
  });
  // The entries have the names that came in.
  return Object.fromEntries(entries) as Readonly<Record<Resource, ResourceDriver>>;
}

const firstOf = new Map<string, PartnerDriver>();

/** The file that defines exactly this driver; undefined for one that somebody made of it by changing something. */
export function fileOf(driver: PartnerDriver): string | undefined {
  return driver.module !== undefined && firstOf.get(driver.module) === driver ? driver.module : undefined;
}

/** Ties a resource's schema to the functions that read what it parsed, so that `id` and `toRecord` are typed by it. */
export function resource<Schema extends z.ZodType, ModelSchema extends z.ZodType>(
  definition: ResourceDefinition<Schema, ModelSchema> & Schedule,
): ResourceDriver;
export function resource<Schema extends z.ZodType, ModelSchema extends z.ZodType>(
  definition: ResourceDefinition<Schema, ModelSchema>,
): ResourceDraft;
export function resource<Schema extends z.ZodType, ModelSchema extends z.ZodType>(
  definition: ResourceDefinition<Schema, ModelSchema>,
): ResourceDraft {
  // The schema parses before any of these functions is called, so from outside they all take `unknown`.
  return definition as unknown as ResourceDraft;
}

/** The same for webhooks: `dedupeKey`, `account`, `split` and `touches` are typed by the event's schema. */
export function webhook<Schema extends z.ZodType, const Resource extends string>(
  definition: WebhookDefinition<Schema, Resource>,
): WebhookDriver<Resource> {
  // As above: what these functions get is what the schema made.
  return definition as unknown as WebhookDriver<Resource>;
}

/** The same for a feed of changes: `touches` is typed by the item's schema. */
export function feed<Schema extends z.ZodType>(definition: FeedDefinition<Schema>): FeedIncrement {
  // As above: what `touches` gets is what the schema made.
  return { kind: "feed", ...definition } as unknown as FeedIncrement;
}

/** A resource that may leave to its partner's abilities how often it is imported. */
export type ResourceDraft = Omit<ResourceDriver, keyof Schedule> & Partial<Schedule>;

/** A driver before its resources' times are filled in. */
export interface PartnerDefinition<Resource extends string = string> extends Omit<
  PartnerDriver<Resource>,
  "resources"
> {
  readonly resources: Readonly<Record<Resource, ResourceDraft>>;
}

export interface PartnerDriver<Resource extends string = string> {
  /** Lower-case, as in queues' names and paths: `stripe`. */
  readonly name: string;
  readonly title: string;
  readonly docs: string;
  /** The driver's own file, `import.meta.url`: its webhook function is bundled with it alone, and starts the sooner. */
  readonly module?: string;
  /**
   * With the version's path and without a slash at the end; calls go to its host and to `hosts`, nowhere else. `{account}` in
   * its path stands for the connection's account.
   */
  readonly baseUrl: string;
  readonly hosts?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Headers that say on whose behalf a call is made; null where the connection does not tell, and then nothing is sent. */
  readonly headersFor?: (connection: CallingConnection) => Readonly<Record<string, string>> | null;
  readonly auth: Auth;
  readonly limits: readonly LimitDeclaration[];
  /** Where the key decides (a test key has a smaller quota); instead of `limits`. */
  readonly limitsFor?: (credential: Readonly<Record<string, string>>) => readonly LimitDeclaration[];
  /** Whose quota a connection's calls count against, where it is not its account's: several keys of one owner share one. */
  readonly quotaOwner?: (connection: CallingConnection) => string;
  /**
   * Settings that reach beyond the connection's tenant, as they say whose key it is or whose quota: keys that are bound to
   * a tenant may not give them, and a change of settings that leaves them out leaves them as they are.
   */
  readonly stageSettings?: readonly string[];
  /** Over the one table of statuses; a function is for a 200 with an error inside. */
  readonly failures?: Readonly<Record<number, ErrorKind>>;
  readonly classify?: (answer: ParsedAnswer) => Classified | null;
  /**
   * A cheap call that any connection may make: sent while the breaker is open, to learn whether the partner answers again.
   * Left out, it is the first page of the first resource.
   */
  readonly probe?: PartnerRequest;
  /** Where the partner says how much of its limits is left; the fields that are the same everywhere unless said otherwise. */
  readonly hints?: readonly HintSource[];
  readonly webhook?: WebhookDriver<Resource>;
  readonly resources: Readonly<Record<Resource, ResourceDriver>>;
}

/** What a driver may know of the connection that it makes a call for. */
export interface CallingConnection {
  readonly account: string | null;
  readonly connectionId: string;
  readonly settings: Readonly<Record<string, string>>;
}

export interface ParsedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface Classified {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly retryAfterMs?: number;
}

/** How a call is signed. More kinds come with the partners that need them. */
export type Auth =
  /** `<header>: <prefix><credential.fields[field]>`. */
  | {
      readonly kind: "header";
      readonly header: string;
      readonly prefix: string;
      readonly field: string;
      /** The account that a key is of, where the probe's answer tells: another account's is refused in its place. */
      readonly account?: (granted: Granted) => string | null;
      readonly credential: z.ZodType<Record<string, string>>;
    }
  | ClientCredentials
  | AuthorizationCode;

/**
 * OAuth 2.0 client credentials (RFC 6749, section 4.4): the credential holds `clientId` and `clientSecret`, and the token
 * they buy is kept beside them, one for all functions.
 */
export interface ClientCredentials {
  readonly kind: "client-credentials";
  readonly tokenUrl: string;
  /** Sent with `grant_type`, `client_id` and `client_secret`, such as a scope. */
  readonly parameters: Readonly<Record<string, string>>;
  /** How many tokens the partner gives out in 24 hours; null where it does not say. */
  readonly tokensPerDay: number | null;
  /** As for a key. */
  readonly account?: (granted: Granted) => string | null;
  readonly credential: z.ZodType<{ clientId: string; clientSecret: string }>;
}

/**
 * OAuth 2.0 authorization code (RFC 6749, section 4.1) with PKCE (RFC 7636, S256): a person at the partner says yes, and
 * the tokens are the connection's. Our client id, secret and redirect URI there are the `app` of the partner's secret.
 */
export interface AuthorizationCode {
  readonly kind: "authorization-code";
  /** Where the person's browser is sent. */
  readonly authorizeUrl: string;
  readonly tokenUrl: string;
  /** Where a removed connection's token is given back, as RFC 7009 has it, where the partner does so. */
  readonly revokeUrl?: string;
  /** How the token stands in the body there; a form unless said otherwise. */
  readonly revokesAs?: "form" | "json";
  /** Asked for, and needed: a connection that is granted less is refused. */
  readonly scopes: readonly string[];
  /** Sent to `authorizeUrl` besides: `access_type: "offline"`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** How our client id and secret reach the token endpoint: in the header, or in the form. */
  readonly clientAuthentication: "basic" | "post";
  /** How long an access token is taken to live when its answer lacks `expires_in`; an hour unless said otherwise. */
  readonly assumedLifeMs?: number;
  /** Which of the partner's accounts was connected; null where it does not say. */
  readonly account: (granted: Granted) => string | null;
  /** A credential that was got elsewhere: `oauthCredential`. */
  readonly credential: z.ZodType<Record<string, string>>;
}

/** Where partners name the account: beside the code, beside the token, or in what a first call answers. */
export interface Granted {
  /** The query that the browser came back with, without code and state. */
  readonly callback: Readonly<Record<string, string>>;
  /** The token answer without its tokens. */
  readonly token: Readonly<Record<string, unknown>>;
  /** What the driver's probe, or the first page of its first resource, answered. */
  readonly probe: unknown;
}

export interface WebhookDriver<Resource extends string = string> {
  readonly verify: Verification;
  /** What the partner takes for yes; 202 and an empty body unless it wants otherwise. */
  readonly answer?: WebhookAnswer;
  /** Answers what is asked about the endpoint itself, once its signature holds; such a request is not queued. */
  readonly challenge?: Challenge;
  /** The partner wants refusals without a word in them. */
  readonly refusesWithoutBody?: true;
  /**
   * Headers, in lower case, that tell of the event what its body does not: a delivery's id, a channel's facts. They are kept
   * in the job, and two posts that differ in one of them are two webhooks. At most 20; none that differs between a
   * delivery and its own repetition.
   */
  readonly keepHeaders?: readonly string[];
  /** JSON unless said otherwise. Of `none` the kept headers are the event; XML is read as `XmlElement` says. */
  readonly body?: WebhookBody;
  /** The verified event's schema; a body that does not fit is a data failure, not an answer of 4xx. */
  readonly schema: z.ZodType;
  /** One name for a delivery and its repetitions; null where nothing tells those from a later one that says the same. */
  readonly dedupeKey: (event: unknown, facts: WebhookFacts) => string | null;
  /**
   * The signature covers no time, so that an old post would be taken for ever: deliveries are remembered by their `dedupeKey`
   * once they were worked, and skipped after that.
   */
  readonly isReplayable?: true;
  /** The partner's account that the event is about, where one endpoint serves many. */
  readonly account?: (event: unknown, facts: WebhookFacts) => string | null;
  /** Instead of `account`, where one post holds events of several: each account's own. An account comes once; at most 1,000. */
  readonly split?: (event: unknown, facts: WebhookFacts) => readonly WebhookPart[];
  /** The things to fetch again; an empty list is an event that we do not follow. At most 1,000. */
  readonly touches: (event: unknown, facts: WebhookFacts) => readonly Touched<Resource>[];
  /**
   * Whether the event says that the account's authorisation was taken away (an app was uninstalled). It is a reason to ask, by the
   * driver's probe: an event may be late, and the person may have authorised again since.
   */
  readonly revokes?: (event: unknown, facts: WebhookFacts) => boolean;
  /** The resources of whose every change the partner promises an event: their imports are a net below, and seldom. */
  readonly covers?: readonly Resource[];
  /** How a connection's address is registered with the partner; left out where a person does it. */
  readonly subscriptions?: SubscriptionDriver;
}

export interface Touched<Resource extends string = string> {
  readonly resource: Resource;
  readonly externalId: string;
}

export interface PartnerRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the base URL, starting with a slash; or an absolute URL of an allowed host (next links). */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The path template that endpoint limits count by: `GET /charges/{id}`. */
  readonly endpoint: string;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Sent as a form, instead of `body`; names may repeat. */
  readonly form?: readonly (readonly [name: string, value: string])[];
  /** How many units of its limits the call costs; 1 unless said otherwise. */
  readonly weight?: number;
}

export interface ResourceDriver {
  /** The common shape that `toRecord` maps into; what it returns is validated by it. */
  readonly model: Model;
  readonly path: string;
  readonly page: PageStrategy;
  /** The list leaves out things that there are (old ones, archived ones), so that what it does not name says nothing of deletions. */
  readonly isPartialList?: true;
  /** Extra query of every list call. */
  readonly query?: Readonly<Record<string, string>>;
  /** The path of one thing, its id URL-encoded by the driver's caller. */
  readonly onePath: (encodedId: string) => string;
  readonly oneQuery?: Readonly<Record<string, string>>;
  /** Where one thing is asked for by POST (GraphQL): the body. */
  readonly oneBody?: (externalId: string) => Readonly<Record<string, unknown>>;
  /** Where the thing is in the answer, as a dotted path; null there is a thing that is gone. Absent: the answer is the thing. */
  readonly oneItem?: string;
  /** How many units of the partner's limits a page, and one thing, cost; 1 each unless said otherwise. */
  readonly weight?: { readonly page: number; readonly one: number };
  /** How often changes are imported, in milliseconds; slots are multiples of it. A driver that leaves it out has it by `importStrategyOf`. */
  readonly everyMs: number;
  /** How often everything is passed over again. */
  readonly fullEveryMs: number;
  readonly increment: Increment | null;
  /** One thing as the partner sends it, in lists and alone. */
  readonly schema: z.ZodType;
  readonly id: (raw: unknown) => string;
  /**
   * The partner's own version, a number that grows with every change: a sequence, or the milliseconds of a time that moves
   * with every field. Absent where it has none (an etag says whether, not which is newer): then our fetches order states.
   */
  readonly version?: (raw: unknown) => number;
  /** A single GET can answer that the thing is gone with a 200; 404 and 410 count as gone everywhere. */
  readonly gone?: (raw: unknown) => boolean;
  readonly toRecord: (raw: unknown) => unknown;
  /** Fields of the partner's own that are not kept: paths below `extra`, such as `guest.passport`; lists stand for their entries. */
  readonly drop?: readonly string[];
  /** How long its records and their history are kept; as the stage says unless said here. */
  readonly retention?: Retention;
  /** Things that this one speaks of and that should be known too: fetched when they never were, a 404 remembered. At most 20. */
  readonly related?: (raw: unknown) => readonly Touched[];
  /** Things that belong to one of these, fetched when it changed or a webhook names it. */
  readonly children?: readonly ChildDriver[];
  /** It has no list of its own that could be asked for: a parent's `children` bring it, and it is never imported by itself. */
  readonly isChildOnly?: true;
}

/** How changes since a moment are asked for. */
export type Increment =
  /** The list itself takes a filter. */
  | {
      readonly kind: "filter";
      readonly overlapMs: number;
      readonly query: (sinceMs: number) => Readonly<Record<string, string>>;
    }
  /** The list's pages end with a token, and start from one: `changesByToken`. */
  | {
      readonly kind: "sync-token";
      readonly overlapMs: 0;
      /** Nothing: the pages know. */
      readonly query: () => Readonly<Record<string, string>>;
    }
  | FeedIncrement;

/** A feed names what changed; each thing is fetched again. Beyond `reachMs` the feed forgets, and a full pass takes its place. */
export interface FeedIncrement {
  readonly kind: "feed";
  readonly overlapMs: number;
  readonly reachMs: number;
  readonly path: string;
  readonly page: PageStrategy;
  readonly query: (sinceMs: number) => Readonly<Record<string, string>>;
  readonly schema: z.ZodType;
  /** The external ids that an item of the feed touches in this resource. */
  readonly touches: (item: unknown) => readonly string[];
}

export interface FeedDefinition<Schema extends z.ZodType> extends Omit<FeedIncrement, "kind" | "schema" | "touches"> {
  readonly schema: Schema;
  readonly touches: (item: z.infer<Schema>) => readonly string[];
}

export interface WebhookDefinition<Schema extends z.ZodType, Resource extends string> extends Omit<
  WebhookDriver<Resource>,
  "schema" | "dedupeKey" | "account" | "split" | "touches" | "revokes"
> {
  readonly schema: Schema;
  readonly dedupeKey: (event: z.infer<Schema>, facts: WebhookFacts) => string | null;
  readonly account?: (event: z.infer<Schema>, facts: WebhookFacts) => string | null;
  readonly split?: (event: z.infer<Schema>, facts: WebhookFacts) => readonly WebhookPart[];
  readonly touches: (event: z.infer<Schema>, facts: WebhookFacts) => readonly Touched<Resource>[];
  readonly revokes?: (event: z.infer<Schema>, facts: WebhookFacts) => boolean;
}

export interface ResourceDefinition<Schema extends z.ZodType, ModelSchema extends z.ZodType>
  extends
    Omit<ResourceDriver, "model" | "schema" | "id" | "version" | "gone" | "toRecord" | "related" | keyof Schedule>,
    Partial<Schedule> {
  readonly model: Model<ModelSchema>;
  readonly schema: Schema;
  readonly id: (raw: z.infer<Schema>) => string;
  readonly version?: (raw: z.infer<Schema>) => number;
  readonly gone?: (raw: z.infer<Schema>) => boolean;
  readonly toRecord: (raw: z.infer<Schema>) => z.input<ModelSchema>;
  readonly related?: (raw: z.infer<Schema>) => readonly Touched[];
}
