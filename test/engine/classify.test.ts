import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classifyAnswer, saysGone } from "../../lib/engine/classify.ts";
import type { AnswerContext, AnswerRules } from "../../lib/engine/classify.ts";
import type { ErrorKind, PartnerError } from "../../lib/engine/errors.ts";
import type { OutboundAnswer } from "../../lib/engine/ports.ts";

const plain: AnswerRules = { name: "acme", title: "Acme" };
const context: AnswerContext = {
  nowMs: Date.UTC(2026, 10, 20, 12, 0, 0),
  call: "GET /orders",
  redact: (text) => text.replaceAll("hunter2", "[secret]"),
};

function answered(status: number, body: string | Uint8Array, headers: Record<string, string> = {}): OutboundAnswer {
  return { kind: "answered", status, headers, body: typeof body === "string" ? new TextEncoder().encode(body) : body };
}

function errorOf(driver: AnswerRules, answer: OutboundAnswer): PartnerError {
  const verdict = classifyAnswer(driver, answer, context);
  if (verdict.kind !== "failed") throw new Error("expected a failure");
  return verdict.error;
}

describe("the table of statuses", () => {
  const table: [number, ErrorKind][] = [
    [301, "client"],
    [304, "client"],
    [400, "client"],
    [401, "auth"],
    [402, "client"],
    [403, "auth"],
    [404, "client"],
    [408, "transient"],
    [409, "client"],
    [410, "client"],
    [422, "client"],
    [425, "transient"],
    [429, "rate"],
    [500, "transient"],
    [501, "transient"],
    [502, "transient"],
    [503, "transient"],
    [504, "transient"],
    [524, "transient"],
    [599, "transient"],
  ];

  test.each(table)("%i is %s", (status, kind) => {
    const error = errorOf(plain, answered(status, '{"message":"no"}'));
    expect(error.kind).toBe(kind);
    expect(error.code).toBe(`http-${status}`);
    expect(error.partner).toBe("acme");
  });

  test.each([200, 201, 202, 206, 299])("%i with JSON is ok", (status) => {
    const verdict = classifyAnswer(plain, answered(status, '{"a":[1,null]}', { etag: "x" }), context);
    expect(verdict).toEqual({ kind: "ok", status, headers: { etag: "x" }, body: { a: [1, null] } });
  });

  test.each([204, 205])("%i without content is ok", (status) => {
    expect(classifyAnswer(plain, answered(status, ""), context)).toMatchObject({ kind: "ok", body: undefined });
  });

  test("JSON's null is an answer, and not a missing one", () => {
    expect(classifyAnswer(plain, answered(200, "null"), context)).toMatchObject({ kind: "ok", body: null });
  });

  test("404 and 410 say gone, unless the driver gave them a code of its own", () => {
    const renamed: AnswerRules = { ...plain, classify: () => ({ kind: "auth", code: "no-such-account" }) };
    expect(saysGone(errorOf(plain, answered(404, "")))).toBe(true);
    expect(saysGone(errorOf(plain, answered(410, "{}")))).toBe(true);
    expect(saysGone(errorOf(plain, answered(400, "{}")))).toBe(false);
    expect(saysGone(errorOf(renamed, answered(404, "{}")))).toBe(false);
  });
});

describe("bodies", () => {
  test.each([
    ["cut off", '{"a":'],
    ["HTML", "<html>busy</html>"],
    ["not UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
    ["two values", "{} {}"],
  ])("a 200 that is %s is a data failure, the answer kept", (_name, body) => {
    const error = errorOf(plain, answered(200, body, { "content-type": "text/html" }));
    expect(error.kind).toBe("data");
    expect(error.code).toBe("bad-json");
    expect(error.cause.expected).toBe("JSON");
    expect(error.cause.actual).toContain("200, text/html");
  });

  test("an empty 200 is a data failure", () => {
    expect(errorOf(plain, answered(200, ""))).toMatchObject({ kind: "data", code: "empty-answer" });
  });

  test("a failed status with an unreadable body keeps the status's kind", () => {
    expect(errorOf(plain, answered(502, "<html>"))).toMatchObject({ kind: "transient", code: "http-502" });
  });

  test("a UTF-8 byte order mark is no nonsense", () => {
    expect(classifyAnswer(plain, answered(200, "\uFEFF{}"), context)).toMatchObject({ kind: "ok", body: {} });
  });

  test("what is kept of an answer is redacted and at most 1 KB, whole characters", () => {
    const error = errorOf(plain, answered(500, `${"hunter2 ".repeat(20)}${"é€😀".repeat(5_000)}`));
    expect(error.cause.actual).toContain("[secret]");
    expect(error.cause.actual).not.toContain("hunter2");
    expect(new TextEncoder().encode(error.cause.actual).byteLength).toBeLessThanOrEqual(1024);
    expect(error.cause.actual).not.toContain("\uFFFD");
    expect(error.cause.actual.endsWith("…")).toBe(true);
  });

  test("a cut never leaves half a character behind", () => {
    for (let padding = 0; padding < 12; padding++) {
      const error = errorOf(plain, answered(500, `${"x".repeat(padding)}${"é€😀".repeat(500)}`));
      expect(error.cause.actual).not.toContain("\uFFFD");
    }
  });

  test("a secret that is cut by a bound is gone whole, also when redaction has made room for it", () => {
    const shortening = { ...context, redact: (text: string) => context.redact(text).replace(/k{600}/, "") };
    for (let padding = 380; padding < 430; padding++) {
      const answer = answered(500, `${"k".repeat(600)}${"x".repeat(padding)}hunter2`);
      const verdict = classifyAnswer(plain, answer, shortening);
      expect(verdict.kind === "failed" && verdict.error.cause.actual.includes("hunt")).toBe(false);
    }
  });

  test("a secret that the 1 KB bound would have cut in two is gone whole", () => {
    for (let padding = 960; padding < 1024; padding++) {
      const error = errorOf(plain, answered(500, `${"x".repeat(padding)}hunter2`));
      expect(error.cause.actual).not.toContain("hunter");
    }
  });

  test("the call in the error is redacted and bounded too", () => {
    const verdict = classifyAnswer(plain, answered(500, ""), {
      ...context,
      call: `GET /orders?key=hunter2&${"q".repeat(5_000)}`,
    });
    if (verdict.kind !== "failed") throw new Error("expected a failure");
    expect(verdict.error.message).not.toContain("hunter2");
    expect(verdict.error.cause.call).toContain("[secret]");
    expect(new TextEncoder().encode(verdict.error.cause.call).byteLength).toBeLessThanOrEqual(1024);
  });
});

describe("lost answers", () => {
  const lost = (reason: "timeout" | "network" | "too-large"): OutboundAnswer => ({
    kind: "lost",
    reason,
    detail: "socket hunter2",
  });

  test.each(["timeout", "network"] as const)("%s is transient", (reason) => {
    expect(errorOf(plain, lost(reason))).toMatchObject({ kind: "transient", code: `lost-${reason}` });
  });

  test("an answer over the bound is a data failure: asking again brings the same", () => {
    expect(errorOf(plain, lost("too-large"))).toMatchObject({ kind: "data", code: "answer-too-large" });
  });

  test("the detail is redacted", () => {
    expect(errorOf(plain, lost("network")).cause.actual).toBe("network: socket [secret]");
  });
});

describe("a driver's own rules", () => {
  test("failures by status come before the table", () => {
    const driver: AnswerRules = { ...plain, failures: { 409: "transient", 403: "rate" } };
    expect(errorOf(driver, answered(409, "{}")).kind).toBe("transient");
    expect(errorOf(driver, answered(403, "{}")).kind).toBe("rate");
    expect(errorOf(driver, answered(401, "{}")).kind).toBe("auth");
  });

  test("classify sees the parsed body, comes before failures, and finds an error inside a 200", () => {
    const driver: AnswerRules = {
      ...plain,
      failures: { 200: "client" },
      classify: ({ status, body }) =>
        status === 200 && typeof body === "object" && body !== null && "error" in body
          ? { kind: "rate", code: "daily-limit", retryAfterMs: 5_000 }
          : null,
    };
    expect(errorOf(driver, answered(200, '{"error":1}'))).toMatchObject({
      kind: "rate",
      code: "daily-limit",
      retryAfterMs: 5_000,
    });
    expect(errorOf({ ...driver, failures: { 500: "client" } }, answered(500, '{"error":1}')).kind).toBe("client");
  });

  test("classify sees the text of a body that is not JSON, and undefined for none", () => {
    const seen: unknown[] = [];
    const driver: AnswerRules = { ...plain, classify: ({ body }) => (seen.push(body), null) };
    classifyAnswer(driver, answered(500, "busy"), context);
    classifyAnswer(driver, answered(500, ""), context);
    expect(seen).toEqual(["busy", undefined]);
  });
});

describe("Retry-After", () => {
  test.each([429, 503, 500, 403])("is read on %i, in seconds and as a date", (status) => {
    expect(errorOf(plain, answered(status, "{}", { "retry-after": "7" })).retryAfterMs).toBe(7_000);
    expect(
      errorOf(plain, answered(status, "{}", { "retry-after": "Fri, 20 Nov 2026 12:00:09 GMT" })).retryAfterMs,
    ).toBe(9_000);
  });

  test("is null without one, and the driver's own wish comes first", () => {
    const driver: AnswerRules = { ...plain, classify: () => ({ kind: "rate", code: "slow", retryAfterMs: 1 }) };
    expect(errorOf(plain, answered(429, "{}")).retryAfterMs).toBeNull();
    expect(errorOf(driver, answered(429, "{}", { "retry-after": "7" })).retryAfterMs).toBe(1);
  });
});

test("any answer at all is ok or a bounded PartnerError", () => {
  const anyAnswer = fc.oneof(
    fc.record({
      kind: fc.constant("answered" as const),
      status: fc.integer({ min: 100, max: 999 }),
      headers: fc.dictionary(fc.string(), fc.string()),
      body: fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => new TextEncoder().encode(text)),
      ),
    }),
    fc.record({
      kind: fc.constant("lost" as const),
      reason: fc.constantFrom("timeout" as const, "network" as const, "too-large" as const),
      detail: fc.string(),
    }),
  );
  fc.assert(
    fc.property(anyAnswer, (answer) => {
      const verdict = classifyAnswer(plain, answer, context);
      const bounded =
        verdict.kind === "ok" || (verdict.error.message.length < 2_000 && verdict.error.cause.actual.length <= 1024);
      expect(bounded).toBe(true);
    }),
  );
});
