import { expect, test } from "vitest";
import type { InvocationResult } from "../../../lib/local/types.ts";
import { ask, returning, startHttpBench } from "../support/http-bench.ts";

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));

test.each([
  ["a text", "Hello", 200, "application/json", "Hello"],
  ["an object without a status code", { message: "hi" }, 200, "application/json", `{"message":"hi"}`],
  ["nothing", null, 200, "application/json", "null"],
  [
    "a full response",
    { statusCode: 201, headers: { "Content-Type": "text/html", "X-Count": 3 }, body: "<p>ü" },
    201,
    "text/html",
    "<p>ü",
  ],
  ["a status code alone", { statusCode: 202 }, 202, "text/plain;charset=UTF-8", ""],
  ["a status code as text", { statusCode: "404", body: "no" }, 404, "text/plain;charset=UTF-8", "no"],
  ["an absurd status code", { statusCode: 99 }, 500, "application/json", `{"message":"Internal Server Error"}`],
  [
    "a body that is no text",
    { statusCode: 200, body: { a: 1 } },
    500,
    "application/json",
    `{"message":"Internal Server Error"}`,
  ],
  [
    "a header that HTTP cannot carry",
    { statusCode: 200, headers: { a: "x\r\ny" } },
    500,
    "application/json",
    `{"message":"Internal Server Error"}`,
  ],
])("a function that returns %s answers so", async (_, payload, status, contentType, body) => {
  const { api } = await startHttpBench({}, returning(payload));

  const answer = await ask(api.url, "/");

  expect(answer.status).toBe(status);
  expect(answer.headers["content-type"]).toBe(contentType);
  expect(answer.body.toString()).toBe(body);
});

test("a response can carry bytes, cookies and headers of its own", async () => {
  const { api } = await startHttpBench(
    {},
    returning({
      statusCode: 200,
      headers: { "content-type": "image/png", "x-one": "1", "content-length": "9999" },
      cookies: ["a=1; Secure", "b=2"],
      body: allBytes.toString("base64"),
      isBase64Encoded: true,
    }),
  );

  const answer = await ask(api.url, "/");

  expect(answer.body).toEqual(allBytes);
  expect(answer.headers).toMatchObject({
    "content-type": "image/png",
    "x-one": "1",
    "content-length": "256",
    "set-cookie": ["a=1; Secure", "b=2"],
  });
});

test.each<[string, InvocationResult, number, string]>([
  ["throws", { kind: "threw", errorType: "Error", errorMessage: "secret detail" }, 500, "Internal Server Error"],
  ["is over its time", { kind: "timedOut", timeoutSeconds: 3 }, 500, "Internal Server Error"],
  ["crashes", { kind: "crashed", exitCode: 1 }, 500, "Internal Server Error"],
  [
    "is given more than it may take",
    { kind: "threw", errorType: "RequestTooLargeException", errorMessage: "" },
    413,
    "Request Entity Too Large",
  ],
  ["has no process free", { kind: "throttled" }, 503, "Service Unavailable"],
])("a function that %s gets the gateway's own answer", async (_, result, status, message) => {
  const { api } = await startHttpBench({}, () => result);

  const answer = await ask(api.url, "/");

  expect(answer.status).toBe(status);
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(JSON.parse(answer.body.toString())).toEqual({ message });
});

test("a host that fails is answered for, and the log says why", async () => {
  const { api, log } = await startHttpBench({}, () => {
    throw new Error("the stack has no function f");
  });

  const answer = await ask(api.url, "/");

  expect(answer.status).toBe(500);
  expect(log).toHaveLength(1);
  expect(log[0]).toContain("no function f");
});
