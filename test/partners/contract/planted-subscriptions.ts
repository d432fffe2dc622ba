import { acme, acmeFixtures } from "./acme.ts";
import { withWebhook, withWebhookFixtures } from "./planted.ts";
import type { Fault } from "./planted.ts";
import type { Subject } from "./subject.ts";

const name = "webhooks are registered as the partner takes them";
const subscriptions = acme.webhook?.subscriptions;
const recorded = acmeFixtures.webhook?.subscriptions;

function withSubscriptions(over: object): Subject {
  return withWebhook({ subscriptions: { ...subscriptions, ...over } });
}

function withRecorded(over: object): Subject {
  return withWebhookFixtures({ subscriptions: { ...recorded, ...over } });
}

const request = { method: "POST", path: "/hooks", query: {}, endpoint: "POST /hooks" };

/** Faults in how webhooks are registered. */
export const subscriptionFaults: readonly Fault[] = [
  [name, "no fixtures", /no fixtures/, () => withWebhookFixtures({ subscriptions: undefined })],
  [name, "nothing to make", /which the driver does not make/, () => withWebhook({ subscriptions: undefined })],
  [name, "no events", /no events/, () => withSubscriptions({ events: [] })],
  [
    name,
    "another host",
    /no host of the driver/,
    () => withSubscriptions({ remove: () => ({ ...request, path: "https://elsewhere.example/hooks" }) }),
  ],
  [
    name,
    "an id as it is",
    /as it is/,
    () => withSubscriptions({ remove: (id: string) => ({ ...request, path: `/hooks/${id}` }) }),
  ],
  [
    name,
    "no address",
    /address is not sent/,
    () => withSubscriptions({ create: { ...subscriptions?.create, request: () => request } }),
  ],
  [
    name,
    "a secret that nobody is told",
    /is not told/,
    () =>
      withSubscriptions({
        create: { ...subscriptions?.create, read: () => ({ id: "1", secret: null, expiresAtMs: null }) },
      }),
  ],
  [name, "a chosen secret that is not sent", /chosen secret/, () => withSubscriptions({ secret: "chosen" })],
  [
    name,
    "a list that shows it",
    /shows a secret/,
    () => withRecorded({ created: { id: "h2", secret: "person.changed" } }),
  ],
  [
    name,
    "a list that crashes",
    /crashes/,
    () =>
      withSubscriptions({
        list: {
          ...subscriptions?.list,
          read(body: { hooks: unknown[] }) {
            return { items: body.hooks.map((hook) => hook), next: null };
          },
        },
      }),
  ],
];
