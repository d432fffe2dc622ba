import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import type * as z from "zod";
import type { LimitDeclaration, PartnerDriver, Touched } from "../../../lib/engine/define-partner.ts";
import type { ErrorKind } from "../../../lib/engine/errors.ts";

/** What a partner's test hands to the contract suite: recorded answers, and what they should come to. */
export interface PartnerFixtures<Resource extends string = string> {
  readonly credentials: {
    /** Credentials of every kind, all of them invented, and the limits that each is held to where that depends on it. */
    readonly accepted: readonly {
      readonly fields: Readonly<Record<string, string>>;
      readonly limits?: readonly LimitDeclaration[];
    }[];
    readonly refused: readonly unknown[];
  };
  readonly resources: Readonly<Record<Resource, ResourceFixtures>>;
  readonly webhook: WebhookFixtures<Resource> | null;
  /** Every error that the partner's documentation tells of, and what it has to be taken for. */
  readonly errors: readonly ErrorFixture[];
}

export interface ResourceFixtures {
  /** The answers of one walk through the list, in order. */
  readonly pages: readonly unknown[];
  /** Dotted paths without which a thing is of no use. */
  readonly required: readonly string[];
  /** Answers that say that the one thing asked for is gone. */
  readonly gone: readonly unknown[];
  /** Where changes come from a feed: the answers of one walk through it, and the ids it names. */
  readonly feed: { readonly pages: readonly unknown[]; readonly touches: readonly string[] } | null;
}

export interface WebhookFixtures<Resource extends string = string> {
  /** Published vectors, verified as they are. */
  readonly vectors: readonly SignedVector[];
  /** Empty where there is none: the partner signs under published keys alone. */
  readonly secret: string;
  /** The partner's published keys by its own ids, where it signs under such. */
  readonly keys?: Readonly<Record<string, string>>;
  /** Signs as the partner does, without the driver's code: the headers of a delivery. */
  readonly sign: (body: Uint8Array, secret: string, atMs: number) => Readonly<Record<string, string>>;
  readonly method: string;
  readonly url: string;
  /** How old, and how far in the future, a signature may be; null where the scheme has no time. */
  readonly toleranceMs: number | { readonly past: number; readonly future: number } | null;
  /** What proves the sender is a token: it says nothing of the body. */
  readonly isBodySigned?: false;
  readonly events: readonly EventFixture<Resource>[];
  /** Where the driver registers webhooks itself. */
  readonly subscriptions?: SubscriptionFixtures;
}

/** Answers about subscriptions, as the partner's documentation has them: one walk through the list, a create, a renewal. */
export interface SubscriptionFixtures {
  readonly lists: readonly unknown[];
  readonly created: unknown;
  readonly renewed: unknown;
}

export interface SignedVector {
  readonly name: string;
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Unix seconds. */
  readonly now: number;
  readonly valid: boolean;
}

export interface EventFixture<Resource extends string = string> {
  readonly name: string;
  readonly event: unknown;
  readonly touches: readonly Touched<Resource>[];
  readonly account: string | null;
  /** What came beside the body, where the driver keeps headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Where one post holds several accounts' events: each account's, in the order of the driver's parts. */
  readonly parts?: readonly { readonly account: string; readonly touches: readonly Touched<Resource>[] }[];
}

export interface ErrorFixture {
  readonly name: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A text is sent as it is, anything else as JSON. */
  readonly body: unknown;
  readonly kind: ErrorKind;
  readonly code: string;
  readonly retryAfterMs: number | null;
}

export interface Subject {
  readonly driver: PartnerDriver;
  readonly fixtures: PartnerFixtures;
  /** The project's root, below which the fixtures' folder and the docs page lie. */
  readonly root: string;
}

/** What is wrong, in words; nothing when all is well. A list, so that the suite's own tests can plant faults and see them named. */
export type Check = (subject: Subject) => readonly string[];

/** Reads a fixture of a partner through a schema. */
export function readFixture<Schema extends z.ZodType>(
  root: string,
  partner: string,
  file: string,
  schema: Schema,
): z.output<Schema> {
  const path = join(root, "test/partners", partner, "fixtures", file);
  if (!existsSync(path)) throw new Error(`there is no fixture ${path}`);
  return schema.parse(JSON.parse(readFileSync(path, "utf8")));
}

/** Runs a property, and says how it failed rather than throwing. */
export function falsified<Values extends unknown[]>(
  what: string,
  property: fc.IProperty<Values>,
  numRuns = 100,
): string[] {
  const details = fc.check(property, { numRuns });
  if (!details.failed) return [];
  const example = JSON.stringify(details.counterexample)?.slice(0, 500);
  const error = details.errorInstance instanceof Error ? details.errorInstance.message.slice(0, 300) : "";
  return [`${what}: not for ${example} (seed ${details.seed}) ${error}`];
}

/** What was thrown, in words, or null. */
export function thrownBy(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : "something that is no error";
  }
}

/** JSON of any shape, as a partner in trouble might send. */
export const anyJson: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 4 });
