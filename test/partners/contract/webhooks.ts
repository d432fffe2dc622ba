import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import type { WebhookDriver } from "../../../lib/engine/define-partner.ts";
import { noFacts } from "../../../lib/engine/webhook-event.ts";
import { unless } from "./identity.ts";
import { changed, pathsIn } from "./json-paths.ts";
import { anyJson, falsified, thrownBy } from "./subject.ts";
import type { Check, EventFixture, Subject } from "./subject.ts";

/** Each event has its own key, names what it touches and whose it is. */
export const checkEvents: Check = (subject) =>
  withWebhook(subject, (webhook, { events }) => {
    const keys = events
      .flatMap(({ event, headers }) => {
        const parsed = webhook.schema.safeParse(event);
        return parsed.success ? [webhook.dedupeKey(parsed.data, { headers: headers ?? {} })] : [];
      })
      .filter((key) => key !== null);
    return [
      ...unless(
        events.some((event) => event.touches.length > 0),
        "no event among the fixtures touches anything",
      ),
      ...unless(new Set(keys).size === keys.length, "two events have one dedupe key: the second would be dropped"),
      ...unless(
        keys.every((key) => key.length > 0 && key.length <= 200),
        "a dedupe key is empty or too long",
      ),
      ...events.flatMap((event) => eventProblems(subject, webhook, event)),
    ];
  });

/** Any verified event is a data failure or says what it touches; one of a kind that is not known touches nothing that is not ours. */
export const checkAnyEvent: Check = (subject) =>
  withWebhook(subject, (webhook, { events }) => {
    const damaged = fc
      .constantFrom(...events)
      .chain(({ event }) =>
        fc.tuple(fc.constantFrom(...pathsIn(event)), anyJson).map(([path, value]) => changed(event, path, () => value)),
      );
    const holds = (event: unknown): boolean => {
      const parsed = webhook.schema.safeParse(event);
      return !parsed.success || readProblems(subject, webhook, parsed.data).length === 0;
    };
    return [
      ...falsified("a damaged event does not crash", fc.property(damaged, holds), 1_000),
      ...falsified("no JSON crashes", fc.property(anyJson, holds), 200),
    ];
  });

type Fixtures = NonNullable<Subject["fixtures"]["webhook"]>;

export function withWebhook(
  { driver, fixtures }: Subject,
  look: (webhook: WebhookDriver, fixtures: Fixtures) => readonly string[],
): readonly string[] {
  if (driver.webhook === undefined)
    return unless(fixtures.webhook === null, "there are fixtures of webhooks, which the driver does not take");
  if (fixtures.webhook === null) return ["there are no fixtures of webhooks"];
  return look(driver.webhook, fixtures.webhook);
}

function eventProblems(
  subject: Subject,
  webhook: WebhookDriver,
  { name, event, touches, account, headers }: EventFixture,
): string[] {
  const parsed = webhook.schema.safeParse(event);
  if (!parsed.success) return [`"${name}" does not parse`];
  const facts = { headers: headers ?? {} };
  const actual = webhook.touches(parsed.data, facts);
  return [
    ...readProblems(subject, webhook, parsed.data).map((problem) => `"${name}": ${problem}`),
    ...unless(isDeepStrictEqual(actual, touches), `"${name}" touches ${JSON.stringify(actual)}`),
    ...unless(
      (webhook.account?.(parsed.data, facts) ?? null) === account,
      `"${name}" has another account than ${account}`,
    ),
  ];
}

const touchesMax = 100;

function readProblems({ driver }: Subject, webhook: WebhookDriver, parsed: unknown): string[] {
  const problems: string[] = [];
  const thrown = thrownBy(() => {
    const key: unknown = webhook.dedupeKey(parsed, noFacts);
    const account: unknown = webhook.account?.(parsed, noFacts) ?? null;
    const touches = webhook.touches(parsed, noFacts);
    const parts = webhook.split?.(parsed, noFacts) ?? [];
    problems.push(
      ...unless(key === null || (typeof key === "string" && key.length > 0), "the dedupe key is no text"),
      ...unless(
        parts.every((part) => typeof part.account === "string" && part.account.length > 0),
        "a part's account is no text",
      ),
      ...unless(account === null || (typeof account === "string" && account.length > 0), "the account is no text"),
      ...unless(touches.length <= touchesMax, `touches more than ${touchesMax} things`),
      ...touches.flatMap(({ resource }) =>
        unless(Object.hasOwn(driver.resources, resource), `touches "${resource}", which is no resource`),
      ),
      ...touches.flatMap(({ externalId }) =>
        unless(externalId.length > 0 && externalId.length <= 255, "touches something without a usable id"),
      ),
    );
  });
  return thrown === null ? problems : [`crashes with ${thrown}`];
}
