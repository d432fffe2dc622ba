import { createHmac } from "node:crypto";
import * as z from "zod";
import { slidingWindow } from "../../../lib/engine/gate/limit-declarations.ts";
import { definePartner, feed, resource, webhook } from "../../../lib/engine/define-partner.ts";
import type { PartnerDriver, ResourceDriver } from "../../../lib/engine/define-partner.ts";
import type { SubscriptionDriver } from "../../../lib/engine/subscription-driver.ts";
import { keysetPages } from "../../../lib/engine/pages/keyset.ts";
import { anySameText, hmacText } from "../../../lib/engine/signatures/hmac.ts";
import { extraOf, present } from "../../../lib/models/common.ts";
import { customer } from "../../../lib/models/customer.ts";
import type { PartnerFixtures } from "./subject.ts";

/** A small invented partner that keeps the contract: the suite's own tests break it, one thing at a time. */
const Person = z.looseObject({
  id: z.string().min(1).max(255),
  created: z.iso.datetime({ precision: 3 }),
  name: z.exactOptional(z.string().nullable()),
  removed: z.exactOptional(z.boolean()),
  updatedMs: z.int().min(0).max(4_102_444_800_000),
});
const Change = z.looseObject({
  id: z.string().min(1).max(200),
  person: z.string().min(1).max(255),
  account: z.exactOptional(z.string().min(1)),
});

const page = keysetPages({
  items: "people",
  more: "more",
  id: "id",
  after: "after",
  limit: { parameter: "limit", size: 2 },
});
const changePage = keysetPages({
  items: "changes",
  more: "more",
  id: "id",
  after: "after",
  limit: { parameter: "limit", size: 2 },
});

const people: ResourceDriver = resource({
  model: customer,
  path: "/people",
  page,
  onePath: (id) => `/people/${id}`,
  everyMs: 300_000,
  fullEveryMs: 86_400_000,
  increment: feed({
    overlapMs: 60_000,
    reachMs: 86_400_000,
    path: "/changes",
    page: changePage,
    query: (sinceMs) => ({ since: String(sinceMs) }),
    schema: Change,
    touches: (change) => [change.person],
  }),
  schema: Person,
  id: (raw) => raw.id,
  version: (raw) => raw.updatedMs,
  gone: (raw) => raw.removed === true,
  toRecord: (raw) =>
    present({
      id: raw.id,
      name: raw.name,
      createdAt: raw.created,
      extra: extraOf(raw, ["id", "name", "created", "removed"]),
    }),
});

const Hook = z.object({ id: z.string().min(1), url: z.url(), events: z.array(z.string()), on: z.boolean() });
const hooks = (method: "GET" | "POST" | "PUT" | "DELETE", id: string | null = null) => ({
  method,
  path: id === null ? "/hooks" : `/hooks/${encodeURIComponent(id)}`,
  query: {},
  endpoint: id === null ? `${method} /hooks` : `${method} /hooks/{id}`,
});

const subscriptions: SubscriptionDriver = {
  secret: "returned",
  events: ["person.changed"],
  list: {
    request: () => hooks("GET"),
    read(body) {
      const items = z.object({ hooks: z.array(Hook) }).parse(body).hooks;
      return { items: items.map(({ on, ...rest }) => ({ ...rest, isActive: on, expiresAtMs: null })), next: null };
    },
  },
  create: {
    request: ({ url, events }) => ({ ...hooks("POST"), body: { url, events } }),
    read: (body) => ({ ...z.object({ id: z.string().min(1), secret: z.string() }).parse(body), expiresAtMs: null }),
  },
  renew: {
    request: (id, { events }) => ({ ...hooks("PUT", id), body: { events } }),
    read: (body) => ({ expiresAtMs: Hook.parse(body) === null ? 0 : null }),
  },
  remove: (id) => hooks("DELETE", id),
};

export const acme: PartnerDriver = definePartner<string>({
  name: "acme",
  title: "Acme",
  docs: "https://docs.acme.example",
  baseUrl: "https://api.acme.example/v1",
  auth: {
    kind: "header",
    header: "X-Key",
    prefix: "",
    field: "key",
    credential: z.strictObject({ key: z.string().regex(/^\w{4,40}$/) }),
  },
  limits: [
    slidingWindow({ per: "account", requests: 10, perMs: 1_000 }),
    slidingWindow({ per: "endpoint", requests: 5, perMs: 1_000 }),
  ],
  failures: { 420: "rate" },
  webhook: webhook({
    verify: ({ headers, rawBody, secrets, nowMs }) => {
      const keys = secrets.filter((secret) => secret.length > 0);
      const [signature, time] = [headers["x-signature"], headers["x-time"]];
      if (keys.length === 0) return { ok: false, reason: "no-secret" };
      if (signature === undefined || time === undefined) return { ok: false, reason: "missing-header" };
      const expected = keys.map((key) =>
        hmacText({ algorithm: "sha256", encoding: "hex" }, key, [`${time}.`, rawBody]),
      );
      if (!anySameText(expected, [signature])) return { ok: false, reason: "mismatch" };
      return Math.abs(nowMs - Number(time)) <= 60_000 ? { ok: true } : { ok: false, reason: "stale" };
    },
    schema: Change,
    dedupeKey: (change) => change.id,
    account: (change) => change.account ?? null,
    touches: (change) => [{ resource: "people", externalId: change.person }],
    subscriptions,
  }),
  resources: { people },
});

const person = (id: string) => ({
  id,
  created: "2026-05-04T13:06:40.000Z",
  name: null,
  updatedMs: 1_777_900_000_000,
  tags: [{ tag: "a", weight: 1 }],
});
const sign = (body: string | Uint8Array, secret: string, atMs: number) => ({
  "X-Time": String(atMs),
  "X-Signature": createHmac("sha256", secret).update(`${atMs}.`).update(body).digest("hex"),
});

export const acmeFixtures: PartnerFixtures = {
  credentials: { accepted: [{ fields: { key: "abcdef" } }], refused: [{ key: "a" }] },
  resources: {
    people: {
      pages: [
        { people: [person("1"), person("2")], more: true },
        { people: [person("3")], more: false },
      ],
      required: ["id", "created", "updatedMs"],
      gone: [{ ...person("4"), removed: true }],
      feed: { pages: [{ changes: [{ id: "c1", person: "1" }], more: false }], touches: ["1"] },
    },
  },
  webhook: {
    vectors: [
      {
        name: "good",
        secret: "s",
        headers: sign("{}", "s", 1_790_000_000_000),
        body: "{}",
        now: 1_790_000_000,
        valid: true,
      },
      {
        name: "bad",
        secret: "t",
        headers: sign("{}", "s", 1_790_000_000_000),
        body: "{}",
        now: 1_790_000_000,
        valid: false,
      },
    ],
    secret: "acme-secret",
    sign,
    method: "POST",
    url: "https://hooks.example.com/webhooks/acme",
    toleranceMs: 60_000,
    subscriptions: {
      lists: [{ hooks: [{ id: "h1", url: "https://hooks.example.com/a", events: ["person.changed"], on: true }] }],
      created: { id: "h2", secret: "told-once" },
      renewed: { id: "h1", url: "https://hooks.example.com/a", events: ["person.changed"], on: true },
    },
    events: [
      {
        name: "a change",
        event: { id: "e1", person: "1" },
        touches: [{ resource: "people", externalId: "1" }],
        account: null,
      },
      {
        name: "another's change",
        event: { id: "e2", person: "2", account: "a" },
        touches: [{ resource: "people", externalId: "2" }],
        account: "a",
      },
    ],
  },
  errors: [
    {
      name: "calm down",
      status: 420,
      headers: { "retry-after": "3" },
      body: {},
      kind: "rate",
      code: "http-420",
      retryAfterMs: 3_000,
    },
    { name: "who are you", status: 401, headers: {}, body: "no", kind: "auth", code: "http-401", retryAfterMs: null },
  ],
};

export const acmeDocs = `# Acme
https://docs.acme.example \`people\`
## Quirks
- One. https://docs.acme.example/one (2026-11)
- Two. https://docs.acme.example/two (unverified)
- Three. https://docs.acme.example/three (2026-11-20)
`;
