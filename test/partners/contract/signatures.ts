import * as fc from "fast-check";
import type { WebhookDriver } from "../../../lib/engine/define-partner.ts";
import type { KeyedRequest, KeyedVerdict } from "../../../lib/engine/signatures/verifier.ts";
import { verdictOn } from "../../../lib/engine/signatures/verification.ts";
import { unless } from "./identity.ts";
import { falsified } from "./subject.ts";
import type { Check, SignedVector, WebhookFixtures } from "./subject.ts";
import { withWebhook } from "./webhooks.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);
const encoder = new TextEncoder();

/** Published vectors come out as published. */
export const checkVectors: Check = (subject) =>
  withWebhook(subject, (webhook, fixtures) => [
    ...unless(
      fixtures.vectors.some((vector) => vector.valid),
      "there is no valid vector",
    ),
    ...unless(
      fixtures.vectors.some((vector) => !vector.valid),
      "there is no invalid vector",
    ),
    ...fixtures.vectors.flatMap((vector) =>
      unless(
        verifyVector(webhook, fixtures, vector).ok === vector.valid,
        `vector "${vector.name}" is ${vector.valid ? "refused" : "taken"}`,
      ),
    ),
  ]);

/** What the partner signed is taken; what differs from it in secret, time, body or header is not. */
export const checkForgeries: Check = (subject) =>
  withWebhook(subject, (webhook, fixtures) =>
    fixtures.events.flatMap(({ name, event }) => {
      const body = encoder.encode(JSON.stringify(event));
      const headers = lowered(fixtures.sign(body, fixtures.secret, nowMs));
      const verify: Verify = (over) =>
        verdictOn(webhook.verify, requestOf(fixtures, { headers, rawBody: body, ...over }));
      const refused: Refused = (what, verdict, reason) =>
        unless(
          !verdict.ok && (reason === undefined || verdict.reason === reason),
          `"${name}" ${what} comes to ${JSON.stringify(verdict)}`,
        );
      return [
        ...unless(verify({}).ok, `"${name}" as it was signed is refused: ${JSON.stringify(verify({}))}`),
        ...unless(verify({ secrets: ["another", fixtures.secret] }).ok, `"${name}" with two secrets in use is refused`),
        ...secretProblems(fixtures, verify, refused),
        ...refused("without headers", verify({ headers: {} }), "missing-header"),
        ...headerProblems(
          headers,
          (changed) => verify({ headers: changed }),
          (what, verdict) => refused(what, verdict),
        ),
        ...timeProblems(fixtures, (at) => verify({ nowMs: at }), refused),
        ...bodyProblems(fixtures, { name, body }, verify, refused),
      ];
    }),
  );

type Verify = (over: Partial<KeyedRequest>) => KeyedVerdict;
type Refused = (what: string, verdict: KeyedVerdict, reason?: string) => string[];

/** What it is configured with decides: a secret, published keys, or both. */
function secretProblems({ secret, keys }: WebhookFixtures, verify: Verify, refused: Refused): string[] {
  const ofSecret = [
    ...refused("without a secret", verify({ secrets: [] }), "no-secret"),
    ...refused("with an empty secret", verify({ secrets: [""] })),
    ...refused("with another secret", verify({ secrets: [`${secret}x`] })),
  ];
  return [
    ...unless(secret !== "" || keys !== undefined, "there is neither a secret nor a published key"),
    ...(secret === "" ? [] : ofSecret),
    ...(keys === undefined ? [] : refused("while no key is known", verify({ keys: () => null }), "unknown-key")),
    ...(keys === undefined ? [] : refused("under a key that is none", verify({ keys: () => "nonsense" }))),
  ];
}

function bodyProblems(
  { isBodySigned }: WebhookFixtures,
  { name, body }: { readonly name: string; readonly body: Uint8Array },
  verify: Verify,
  refused: Refused,
): string[] {
  const empty = verify({ rawBody: new Uint8Array() });
  if (isBodySigned === false) return unless(empty.ok, `"${name}" is refused with another body, which is not signed`);
  return [
    ...refused("with an empty body", empty),
    ...falsified(
      `"${name}" with one byte changed is refused`,
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (index, flip) => {
        const rawBody = body.map((byte, at) => (at === index ? byte ^ flip : byte));
        return !verify({ rawBody }).ok;
      }),
    ),
  ];
}

/** Nobody gets in with any header, and none makes the verifier throw. */
export const checkStrangers: Check = (subject) =>
  withWebhook(subject, (webhook, fixtures) => {
    const signed = lowered(fixtures.sign(encoder.encode("{}"), fixtures.secret, nowMs));
    const scraps = Object.values(signed).flatMap((value) => [value, ...value.split(/[,=. ]/), value.slice(1)]);
    const text = fc
      .array(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...scraps, ",", "=", " ")))
      .map((parts) => parts.join(""));
    const headers = fc.record(Object.fromEntries(Object.keys(signed).map((name) => [name, text])));
    return falsified(
      "no header lets a stranger in",
      // The secret is another one, so that not even the whole signed header is right.
      fc.property(
        headers,
        fc.uint8Array(),
        (sent, rawBody) =>
          !verdictOn(webhook.verify, requestOf(fixtures, { headers: sent, rawBody, secrets: ["whole-other-secret"] }))
            .ok,
      ),
      500,
    );
  });

function verifyVector(
  webhook: WebhookDriver,
  fixtures: WebhookFixtures,
  { secret, headers, body, now }: SignedVector,
): KeyedVerdict {
  return verdictOn(
    webhook.verify,
    requestOf(fixtures, {
      headers: lowered(headers),
      rawBody: encoder.encode(body),
      secrets: [secret],
      nowMs: now * 1000,
    }),
  );
}

function requestOf(fixtures: WebhookFixtures, over: Partial<KeyedRequest>): KeyedRequest {
  const { url, method, secret } = fixtures;
  const keys = (id: string) => fixtures.keys?.[id] ?? null;
  return { headers: {}, rawBody: new Uint8Array(), url, method, secrets: [secret], nowMs, keys, ...over };
}

function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Every header that was sent counts: without it, shorter, longer or other, the request is refused. */
function headerProblems(
  headers: Readonly<Record<string, string>>,
  verify: (headers: Readonly<Record<string, string>>) => KeyedVerdict,
  refused: (what: string, verdict: KeyedVerdict) => string[],
): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const rest = Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name));
    const last = value.at(-1) === "0" ? "1" : "0";
    return [
      ...refused(`without ${name}`, verify(rest)),
      ...refused(`with an empty ${name}`, verify({ ...rest, [name]: "" })),
      ...refused(`with a ${name} that is cut`, verify({ ...rest, [name]: value.slice(0, -1) })),
      ...refused(`with a ${name} that is longer`, verify({ ...rest, [name]: `${value}0` })),
      ...refused(`with a ${name} of another end`, verify({ ...rest, [name]: `${value.slice(0, -1)}${last}` })),
      ...refused(`with a ${name} that nobody could send`, verify({ ...rest, [name]: "\u{1F600}".repeat(20_000) })),
    ];
  });
}

function timeProblems(fixtures: WebhookFixtures, verifyAt: (atMs: number) => KeyedVerdict, refused: Refused): string[] {
  const { toleranceMs } = fixtures;
  if (toleranceMs === null)
    return unless(verifyAt(nowMs + 86_400_000).ok, "a scheme without a time refuses a later one");
  const { past, future } = typeof toleranceMs === "number" ? { past: toleranceMs, future: toleranceMs } : toleranceMs;
  const edges = [past, -future].flatMap((offMs) =>
    unless(verifyAt(nowMs + offMs).ok, `a signature ${offMs} ms off is refused`),
  );
  return [
    ...edges,
    ...refused("when it is stale", verifyAt(nowMs + past + 1_000), "stale"),
    ...refused("when it is from the future", verifyAt(nowMs - future - 1_000), "stale"),
  ];
}
