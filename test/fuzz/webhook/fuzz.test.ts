import { describe, expect, test, vi } from "vitest";
import { schemes, verifierOf } from "../../../lib/engine/signatures/diagnosis/schemes.ts";
import type { KeyedRequest, KeyedVerifier } from "../../../lib/engine/signatures/verifier.ts";
import { fuzzWebhook } from "./fuzz.ts";
import type { VerifierFor } from "./fuzz.ts";
import { judges } from "./judges.ts";

const real: VerifierFor = (post) => {
  const entry = schemes.get(post.scheme);
  if (entry === undefined) throw new Error(post.scheme);
  return verifierOf(entry, post);
};

// Thousands of posts take seconds, and many more on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

/** The real verifier, looking at another request than the one that came. */
const seeing =
  (change: (request: KeyedRequest) => Partial<KeyedRequest>): VerifierFor =>
  (post) =>
  (request) =>
    real(post)({ ...request, ...change(request) });

test("nothing wrong is taken, nothing right refused, nothing throws, and what is taken is queued", async () => {
  const report = await fuzzWebhook({ count: 5_000, seed: 11 });
  expect(report.violations).toEqual([]);
  expect(report.queued).toBe(report.accepted);
  // It fuzzes what it says: every scheme that is judged, with both outcomes, and vendors' packages asked.
  expect(Object.keys(report.schemes).toSorted()).toEqual(Object.keys(judges).toSorted());
  const oneSided = Object.entries(report.schemes).filter(
    ([, { posts, accepted }]) => accepted === 0 || accepted === posts,
  );
  expect(oneSided).toEqual([]);
  expect(report.confirmedByVendors).toBeGreaterThan(50);
  expect(Object.keys(report.reasons).toSorted()).toEqual([
    "malformed-header",
    "mismatch",
    "missing-header",
    "no-secret",
    "stale",
    "unknown-key",
    "untrusted-key",
    "wrong-algorithm",
    "wrong-claims",
  ]);
});

describe("a verifier is caught that", () => {
  const takesAll: KeyedVerifier = () => ({ ok: true });
  const planted: readonly (readonly [string, VerifierFor, RegExp])[] = [
    ["takes everything", () => takesAll, /^taken with a wrong signature/],
    ["takes nothing", () => () => ({ ok: false, reason: "mismatch" }), /^refused although right/],
    [
      "throws",
      () => () => {
        throw new RangeError("length");
      },
      /^the verifier threw/,
    ],
    [
      "trusts trimmed bodies",
      seeing(({ rawBody }) => ({ rawBody: trimmed(rawBody) })),
      /^taken with a wrong signature/,
    ],
    [
      "forgets the time",
      seeing(() => ({ nowMs: Date.UTC(2026, 10, 20, 12) })),
      /^taken with a wrong|^refused although/,
    ],
    ["takes another method", seeing(() => ({ method: "POST" })), /^taken with a wrong signature/],
    [
      "looks at the first secret alone",
      seeing(({ secrets }) => ({ secrets: secrets.slice(0, 1) })),
      /^refused although/,
    ],
    [
      "takes what has no secret",
      (post) => (request) => (request.secrets.join("") === "" ? { ok: true } : real(post)(request)),
      /^taken with a wrong signature/,
    ],
  ];

  test.each(planted)("%s", async (_name, verifierFor, expected) => {
    const report = await fuzzWebhook({ count: 1_000, seed: 7 }, verifierFor);
    expect(report.violations.map(({ what }) => what)).toContainEqual(expect.stringMatching(expected));
  });
});

test("the same seed deals the same posts", async () => {
  const [one, other] = [await fuzzWebhook({ count: 500, seed: 5 }), await fuzzWebhook({ count: 500, seed: 5 })];
  expect(one).toEqual(other);
});

function trimmed(rawBody: Uint8Array): Uint8Array {
  return rawBody.at(-1) === 10 ? rawBody.slice(0, -1) : rawBody;
}
