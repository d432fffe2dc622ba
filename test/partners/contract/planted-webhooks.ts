import * as z from "zod";
import { acmeDocs } from "./acme.ts";
import { crashUnless, subject, verify, withSplit, withWebhook, withWebhookFixtures } from "./planted.ts";
import type { Fault, Post } from "./planted.ts";
import { subscriptionFaults } from "./planted-subscriptions.ts";

/** Faults in what comes by itself, and in the files beside a driver. */
export const webhookFaults: readonly Fault[] = [
  [
    "published signatures come out as published",
    "everything is let in",
    /"bad" is taken/,
    () => withWebhook({ verify: () => ({ ok: true }) }),
  ],
  [
    "published signatures come out as published",
    "nothing is let in",
    /"good" is refused/,
    () => withWebhook({ verify: () => ({ ok: false, reason: "mismatch" }) }),
  ],
  [
    "published signatures come out as published",
    "no vectors",
    /no valid vector/,
    () => withWebhookFixtures({ vectors: [] }),
  ],
  [
    "forgeries are refused",
    "no secret lets everybody in",
    /without a secret/,
    () =>
      withWebhook({
        verify: ((request) => (request.secrets.length === 0 ? { ok: true } : verify(request))) satisfies typeof verify,
      }),
  ],
  [
    "forgeries are refused",
    "the body is not signed",
    /one byte changed/,
    () =>
      withWebhook({
        verify: ((request) =>
          request.rawBody.length > 0 && request.secrets.includes("acme-secret")
            ? { ok: true }
            : verify(request)) satisfies typeof verify,
      }),
  ],
  [
    "forgeries are refused",
    "old signatures for ever",
    /when it is stale/,
    () =>
      withWebhook({
        verify: ((request) =>
          verify({ ...request, nowMs: Number(request.headers["x-time"] ?? 0) })) satisfies typeof verify,
      }),
  ],
  [
    "forgeries are refused",
    "only the past is stale",
    /from the future/,
    () =>
      withWebhook({
        verify: ((request) =>
          verify({
            ...request,
            nowMs: Math.max(request.nowMs, Number(request.headers["x-time"])),
          })) satisfies typeof verify,
      }),
  ],
  [
    "forgeries are refused",
    "half a signature will do",
    /that is longer/,
    () =>
      withWebhook({
        verify: ((request) =>
          verify({
            ...request,
            headers: { ...request.headers, "x-signature": (request.headers["x-signature"] ?? "").slice(0, 64) },
          })) satisfies typeof verify,
      }),
  ],
  [
    "strangers are refused",
    "a verifier that throws",
    /stranger/,
    () =>
      withWebhook({
        verify: ((request) =>
          crashUnless(/^\d*$/.test(request.headers["x-time"] ?? ""), verify(request))) satisfies typeof verify,
      }),
  ],
  [
    "strangers are refused",
    "a back door",
    /stranger/,
    () =>
      withWebhook({
        verify: ((request) =>
          request.headers["x-signature"]?.includes("=") === true
            ? { ok: true }
            : verify(request)) satisfies typeof verify,
      }),
  ],
  ["events say what they touch", "one key for all", /one dedupe key/, () => withWebhook({ dedupeKey: () => "same" })],
  [
    "events say what they touch",
    "a resource that is none",
    /no resource/,
    () => withWebhook({ touches: () => [{ resource: "persons", externalId: "1" }] }),
  ],
  ["events say what they touch", "another account", /another account/, () => withWebhook({ account: () => "b" })],
  [
    "no event crashes",
    "an account that crashes",
    /damaged event/,
    () =>
      withWebhook({
        schema: z.looseObject({ id: z.string().min(1) }),
        account: (event: { person: string }) => event.person.trim(),
      }),
  ],
  ["each account gets its own part", "parts that nobody expects", /comes to the parts/, () => withSplit({})],
  [
    "each account gets its own part",
    "everybody gets everything",
    /holds the events of a, b/,
    () => withSplit({ split: (post: Post) => post.events.map(({ account }) => ({ account, event: post })) }),
  ],
  [
    "each account gets its own part",
    "a part that is not of the schema",
    /not of the schema/,
    () => withSplit({ split: (post: Post) => post.events.map((event) => ({ account: event.account, event })) }),
  ],
  [
    "each account gets its own part",
    "an account in two parts",
    /two parts of one account/,
    () =>
      withSplit({ split: (post: Post) => post.events.map((event) => ({ account: "a", event: { events: [event] } })) }),
  ],
  [
    "each account gets its own part",
    "neither body nor headers",
    /nothing tells what they are about/,
    () => withWebhook({ body: "none" }),
  ],
  [
    "each account gets its own part",
    "two answers to whose it is",
    /both `account` and `split`/,
    () => withWebhook({ split: () => [] }),
  ],
  [
    "old posts are known",
    "no time in the signature",
    /not remembered/,
    () => withWebhookFixtures({ toleranceMs: null }),
  ],
  ["old posts are known", "marks that nobody needs", /all the same/, () => withWebhook({ isReplayable: true })],
  [
    "old posts are known",
    "nothing to know them by",
    /none among the fixtures has a dedupe key/,
    () => withWebhook({ isReplayable: true, dedupeKey: () => null }),
  ],
  ...subscriptionFaults,
  [
    "fixtures hold no secrets and nobody's data",
    "somebody's address",
    /e-mail/,
    () => subject({ files: { "test/partners/acme/fixtures/a.json": '"jane@gmail.com"' } }),
  ],
  [
    "fixtures hold no secrets and nobody's data",
    "a live key",
    /Stripe key/,
    () => subject({ files: { "test/partners/acme/fixtures/a.json": ["sk", "live", "abcdefghijkl"].join("_") } }),
  ],
  [
    "fixtures hold no secrets and nobody's data",
    "a telephone that could ring",
    /telephone/,
    () => subject({ files: { "test/partners/acme/fixtures/a.json": '"+4915112345678"' } }),
  ],
  ["the docs page is there and sourced", "no page", /there is no docs/, () => subject({ driver: { name: "other" } })],
  [
    "the docs page is there and sourced",
    "a quirk without a source",
    /no source/,
    () => subject({ files: { "docs/partners/acme.md": `${acmeDocs}- Four, they say. (2026-11)\n` } }),
  ],
  [
    "the docs page is there and sourced",
    "a quirk without a date",
    /no source/,
    () => subject({ files: { "docs/partners/acme.md": `${acmeDocs}- Four. https://docs.acme.example\n` } }),
  ],
];
