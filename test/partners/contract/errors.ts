import * as fc from "fast-check";
import { classifyAnswer } from "../../../lib/engine/classify.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { unless } from "./identity.ts";
import { anyJson, falsified } from "./subject.ts";
import type { Check, ErrorFixture } from "./subject.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);

/** Each documented error is taken for what its fixture says, and waits as long as it says. */
export const checkErrors: Check = ({ driver, fixtures }) => [
  ...unless(fixtures.errors.length > 0, "there are no documented errors among the fixtures"),
  ...unless(
    fixtures.errors.some((error) => error.kind === "rate"),
    "no documented error is of the kind rate",
  ),
  ...unless(
    fixtures.errors.some((error) => error.kind === "auth"),
    "no documented error is of the kind auth",
  ),
  ...fixtures.errors.flatMap((fixture) => errorProblems(driver, fixture)),
];

/** Any status, headers and body have a verdict; a success with the partner's own things in it is one. */
export const checkAnyAnswer: Check = ({ driver, fixtures }) => {
  const header = fc.constantFrom(
    "retry-after",
    "content-type",
    ...fixtures.errors.flatMap((error) => Object.keys(error.headers)),
  );
  const headers = fc.dictionary(header, fc.oneof(fc.string(), fc.constantFrom("true", "false", "0", "-1", "1e9")));
  const status = fc.oneof(
    fc.integer({ min: 200, max: 599 }),
    fc.constantFrom(...fixtures.errors.map((error) => error.status)),
  );
  const body = fc.oneof(
    anyJson,
    fc.string(),
    fc.record({ error: anyJson }),
    fc.record({ error: fc.dictionary(fc.constantFrom("code", "type", "message"), anyJson) }),
  );
  return [
    ...falsified(
      "any answer has a verdict",
      fc.property(status, headers, body, (code, sent, content) => {
        const verdict = verdictOf(driver, code, sent, content);
        const delayMs = verdict.kind === "failed" ? verdict.error.retryAfterMs : null;
        return delayMs === null || (Number.isFinite(delayMs) && delayMs >= 0);
      }),
      500,
    ),
    ...Object.entries(fixtures.resources).flatMap(([name, { pages }]) =>
      pages.flatMap((page, index) =>
        unless(verdictOf(driver, 200, {}, page).kind === "ok", `${name} page ${index} is taken for an error`),
      ),
    ),
  ];
};

function errorProblems(
  driver: PartnerDriver,
  { name, status, headers, body, kind, code, retryAfterMs }: ErrorFixture,
): string[] {
  const verdict = verdictOf(driver, status, headers, body);
  if (verdict.kind === "ok") return [`"${name}" is taken for a success`];
  const { error } = verdict;
  return [
    ...unless(error.kind === kind, `"${name}" is taken for ${error.kind}, not ${kind}`),
    ...unless(error.code === code, `"${name}" has the code ${error.code}, not ${code}`),
    ...unless(error.retryAfterMs === retryAfterMs, `"${name}" waits ${error.retryAfterMs} ms, not ${retryAfterMs}`),
  ];
}

function verdictOf(driver: PartnerDriver, status: number, headers: Readonly<Record<string, string>>, body: unknown) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const answer = { kind: "answered" as const, status, headers, body: new TextEncoder().encode(text) };
  return classifyAnswer(driver, answer, { nowMs, call: "GET /", redact: (kept) => kept });
}
