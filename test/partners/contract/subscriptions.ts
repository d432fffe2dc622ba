import * as fc from "fast-check";
import * as z from "zod";
import type { PartnerDriver, PartnerRequest } from "../../../lib/engine/define-partner.ts";
import { urlFor } from "../../../lib/engine/request-url.ts";
import type { RemoteSubscription, SubscriptionDriver } from "../../../lib/engine/subscription-driver.ts";
import { unless } from "./identity.ts";
import { anyJson, falsified } from "./subject.ts";
import type { Check, SubscriptionFixtures } from "./subject.ts";

/** Who registers webhooks asks the partner's own hosts, by id, for the address and the events; and reads its recorded answers. */
export const checkSubscriptions: Check = ({ driver, fixtures }) => {
  const subscriptions = driver.webhook?.subscriptions;
  const recorded = fixtures.webhook?.subscriptions;
  if (subscriptions === undefined)
    return unless(recorded === undefined, "there are fixtures of subscriptions, which the driver does not make");
  if (recorded === undefined) return ["there are no fixtures of subscriptions"];
  return [
    ...unless(subscriptions.events.length > 0, "no events are asked for"),
    ...unless(new Set(subscriptions.events).size === subscriptions.events.length, "an event is asked for twice"),
    ...requestProblems(driver, subscriptions),
    ...answerProblems(subscriptions, recorded),
    ...crashes(subscriptions),
  ];
};

const wanted = { url: "https://hooks.example.com/webhooks/a/b?c=d&e", secret: "a chosen secret" };
/** An id that would lead elsewhere if it were put into a path as it is. */
const oddId = "a/../b?c";

function requestProblems(driver: PartnerDriver, subscriptions: SubscriptionDriver): string[] {
  const { create, renew, remove, list, events, secret } = subscriptions;
  const asked = { url: wanted.url, events, secret: secret === "chosen" ? wanted.secret : null };
  const made = create.request(asked);
  const byId = [remove(oddId), ...(renew === undefined ? [] : [renew.request(oddId, { url: wanted.url, events })])];
  const sent = textsIn(made);
  return [
    ...[list.request(null), list.request("cursor"), made, ...byId].flatMap((request) => problemsOf(driver, request)),
    ...unless(list.request(null).method === "GET", "the list changes something"),
    ...unless(made.method !== "GET", "creating one changes nothing"),
    ...unless(sent.includes(wanted.url), "the address is not sent"),
    ...unless(
      events.every((event) => sent.some((text) => text.includes(event))),
      "an event is not asked for",
    ),
    ...unless(secret !== "chosen" || sent.includes(wanted.secret), "the chosen secret is not sent"),
    ...byId.flatMap(({ path }) =>
      unless(path.includes(encodeURIComponent(oddId)), "an id is put into a path as it is"),
    ),
  ];
}

function problemsOf(driver: PartnerDriver, request: PartnerRequest): string[] {
  const { method, path, endpoint, body, form } = request;
  return [
    ...unless(urlFor(driver, request) !== null, `${method} ${path} is on no host of the driver`),
    ...unless(
      endpoint.length > 0 && !endpoint.includes(encodeURIComponent(oddId)),
      `"${endpoint}" is no endpoint's name`,
    ),
    ...unless(body === undefined || form === undefined, `${method} ${path} has a body and a form`),
  ];
}

function textsIn({ body, form }: PartnerRequest): readonly string[] {
  const texts: string[] = (form ?? []).map(([, value]) => value);
  JSON.stringify(body ?? null, (_key, value: unknown) => {
    if (typeof value === "string") texts.push(value);
    return value;
  });
  return texts;
}

function answerProblems({ list, create, renew, secret }: SubscriptionDriver, recorded: SubscriptionFixtures): string[] {
  const items: RemoteSubscription[] = [];
  const nexts = recorded.lists.map((body) => {
    const page = list.read(body);
    items.push(...page.items);
    return page.next;
  });
  const created = create.read(recorded.created);
  const shown = JSON.stringify(recorded.lists);
  return [
    ...unless(items.length > 0, "no subscription is among the recorded lists"),
    ...unless(new Set(items.map(({ id }) => id)).size === items.length, "two subscriptions have one id"),
    ...items.flatMap(({ id, url }) => unless(id !== "" && URL.canParse(url), `"${id}" has no id or no address`)),
    ...unless(
      nexts.every((next, index) => (next === null) === (index === nexts.length - 1)),
      "the recorded lists do not end where they end",
    ),
    ...unless(created.id !== "", "what was created has no id"),
    ...unless(
      (created.secret !== null) === (secret === "returned"),
      "a secret is told where it is ours, or is not told",
    ),
    ...unless(created.secret === null || !shown.includes(created.secret), "a list shows a secret"),
    ...unless(renew === undefined || renew.read(recorded.renewed).expiresAtMs !== 0, "what was renewed has ended"),
  ];
}

/** What is no answer is told by the schema's own error, which names fields and no values. */
function crashes({ list, create, renew }: SubscriptionDriver): string[] {
  const reads = [list.read, create.read, ...(renew === undefined ? [] : [renew.read])];
  const holds = (body: unknown): boolean =>
    reads.every((read) => {
      try {
        read(body);
        return true;
      } catch (error) {
        return error instanceof z.ZodError;
      }
    });
  return falsified("no answer about subscriptions crashes", fc.property(anyJson, holds), 200);
}
