import { isDeepStrictEqual } from "node:util";
import type { WebhookDriver, WebhookFacts } from "../../../lib/engine/define-partner.ts";
import { unless } from "./identity.ts";
import { thrownBy } from "./subject.ts";
import type { Check, EventFixture } from "./subject.ts";
import { withWebhook } from "./webhooks.ts";

/** Of a post that holds several accounts' events, each gets its own and nobody another's; what it gets, the driver reads again. */
export const checkParts: Check = (subject) =>
  withWebhook(subject, (webhook, { events }) => [
    ...unless(
      webhook.split === undefined || events.some(({ parts }) => (parts ?? []).length > 1),
      "the driver parts posts, and no event among the fixtures is of several accounts",
    ),
    ...unless(
      webhook.body !== "none" || (webhook.keepHeaders ?? []).length > 0,
      "webhooks have no body and no header is kept: nothing tells what they are about",
    ),
    ...unless(
      webhook.split === undefined || webhook.account === undefined,
      "both `account` and `split` say whose an event is",
    ),
    ...events.flatMap((event) => partProblems(webhook, event).map((problem) => `"${event.name}": ${problem}`)),
  ]);

/** A signature that holds no time is good for ever: its deliveries are remembered. Where it holds one, that would cost for nothing. */
export const checkReplays: Check = (subject) =>
  withWebhook(subject, (webhook, { toleranceMs, events }) => {
    const isReplayable = webhook.isReplayable === true;
    const keys = events.flatMap(({ event, headers }) => {
      const parsed = webhook.schema.safeParse(event);
      return parsed.success ? [webhook.dedupeKey(parsed.data, { headers: headers ?? {} })] : [];
    });
    return [
      ...unless(isReplayable || toleranceMs !== null, "signatures hold no time, and deliveries are not remembered"),
      ...unless(
        !isReplayable || toleranceMs === null,
        "signatures hold a time, and deliveries are remembered all the same",
      ),
      ...unless(
        !isReplayable || keys.some((key) => key !== null),
        "deliveries are remembered, and none among the fixtures has a dedupe key",
      ),
    ];
  });

function partProblems(webhook: WebhookDriver, { event, headers, parts }: EventFixture): string[] {
  if (webhook.split === undefined) return unless(parts === undefined, "has parts, and the driver parts nothing");
  const parsed = webhook.schema.safeParse(event);
  if (!parsed.success) return ["does not parse"];
  const facts = { headers: headers ?? {} };
  const split = webhook.split(parsed.data, facts);
  const told = split.map(({ account, event: own }) => ({ account, touches: touchesAgain(webhook, own, facts) }));
  return [
    ...unless(new Set(split.map(({ account }) => account)).size === split.length, "has two parts of one account"),
    ...unless(isDeepStrictEqual(told, parts ?? []), `comes to the parts ${JSON.stringify(told)}`),
    ...split.flatMap(({ account, event: own }) => againProblems(webhook, account, own, facts)),
  ];
}

/** As a part is read after it went through a queue. */
function touchesAgain(webhook: WebhookDriver, own: unknown, facts: WebhookFacts): unknown {
  const parsed = webhook.schema.safeParse(throughQueue(own));
  return parsed.success ? webhook.touches(parsed.data, facts) : "does not parse";
}

function againProblems(webhook: WebhookDriver, account: string, own: unknown, facts: WebhookFacts): string[] {
  const parsed = webhook.schema.safeParse(throughQueue(own));
  if (!parsed.success) return [`the part of ${account} is not of the schema`];
  let accounts: readonly string[] = [];
  const thrown = thrownBy(() => {
    accounts = webhook.split?.(parsed.data, facts).map((part) => part.account) ?? [];
  });
  return [
    ...unless(thrown === null, `the part of ${account} cannot be parted again: ${thrown}`),
    ...unless(
      isDeepStrictEqual(accounts, [account]),
      `the part of ${account} holds the events of ${accounts.join(", ")}`,
    ),
  ];
}

function throughQueue(event: unknown): unknown {
  return JSON.parse(JSON.stringify(event) ?? "null");
}
