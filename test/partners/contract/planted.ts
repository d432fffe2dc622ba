import * as z from "zod";
import type { PartnerDriver, ResourceDriver, WebhookDriver } from "../../../lib/engine/define-partner.ts";
import { verdictOn } from "../../../lib/engine/signatures/verification.ts";
import type { Verifier } from "../../../lib/engine/signatures/verifier.ts";
import { plantTree } from "../../tidy/planted-tree.ts";
import { acme, acmeDocs, acmeFixtures } from "./acme.ts";
import type { PartnerFixtures, Subject } from "./subject.ts";

/** A fault to plant in a partner that keeps the contract: the check that has to name it, and what it has to say. */
export type Fault = readonly [check: string, fault: string, says: RegExp, planted: () => Subject];

const files = {
  "docs/partners/acme.md": acmeDocs,
  "test/partners/acme/fixtures/people.json": '{"phone":"+15555550100"}\n',
};

export function subject(over: { driver?: object; fixtures?: object; files?: Record<string, string> } = {}): Subject {
  // A planted fault may be one that the types would forbid.
  const driver = { ...acme, ...over.driver } as PartnerDriver;
  const fixtures: PartnerFixtures = { ...acmeFixtures, ...over.fixtures };
  return { driver, fixtures, root: plantTree({ ...files, ...over.files }) };
}

export const withPeople = (over: object) =>
  subject({ driver: { resources: { people: { ...peopleOf(acme), ...over } } } });
export const withWebhook = (over: object) => subject({ driver: { webhook: { ...webhookOf(acme), ...over } } });
export const withPeopleFixtures = (over: object) =>
  subject({ fixtures: { resources: { people: { ...acmeFixtures.resources["people"], ...over } } } });
export const withWebhookFixtures = (over: object) =>
  subject({ fixtures: { webhook: { ...acmeFixtures.webhook, ...over } } });

/** A post of several accounts' events. */
export interface Post {
  readonly events: readonly { readonly account: string; readonly person: string }[];
}

const Posts = z.strictObject({ events: z.array(z.strictObject({ account: z.string(), person: z.string() })) });

/** Acme, if one of its posts held several accounts' events; rightly parted, and not what the fixtures say. */
export function withSplit(over: object): Subject {
  const webhook = {
    ...webhookOf(acme),
    account: undefined,
    schema: Posts,
    dedupeKey: (post: Post) => JSON.stringify(post),
    split: (post: Post) => post.events.map((event) => ({ account: event.account, event: { events: [event] } })),
    touches: (post: Post) => post.events.map(({ person }) => ({ resource: "people", externalId: person })),
    ...over,
  };
  const event = { events: ["a", "b"].map((account) => ({ account, person: `${account}1` })) };
  const fixture = { name: "two accounts", event, touches: [], account: null, parts: [] };
  return subject({ driver: { webhook }, fixtures: { webhook: { ...acmeFixtures.webhook, events: [fixture] } } });
}

function peopleOf(driver: PartnerDriver): ResourceDriver {
  const { people } = driver.resources;
  if (people === undefined) throw new Error("acme has people");
  return people;
}

function webhookOf(driver: PartnerDriver): WebhookDriver {
  if (driver.webhook === undefined) throw new Error("acme has webhooks");
  return driver.webhook;
}

export const people = peopleOf(acme);
/** Acme signs with a secret alone. */
export const verify: Verifier = (request) => {
  const verdict = verdictOn(webhookOf(acme).verify, request);
  if (!verdict.ok && verdict.reason === "unknown-key") throw new Error("acme publishes no keys");
  return verdict;
};
export const increment = people.increment ?? {};
export const parsePerson = z.looseObject({ id: z.string() });

export function withCredential(credential: z.ZodType): Subject {
  return subject({ driver: { auth: { ...acme.auth, credential } } });
}

export function withPage(over: Partial<ResourceDriver["page"]>): Subject {
  return withPeople({ page: { ...people.page, ...over } });
}

export function withIncrement(over: object): Subject {
  return withPeople({ increment: { ...increment, ...over } });
}

export function mapPerson(raw: object): object {
  return z.looseObject({}).parse(people.toRecord(raw));
}

export function crashUnless<Value>(fine: boolean, value: Value): Value {
  if (!fine) throw new Error("planted");
  return value;
}
