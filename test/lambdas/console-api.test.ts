import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Context } from "aws-lambda";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import * as z from "zod";

const apiKey = "the-api-key-of-this-stage";
const targets: string[] = [];

/** Secrets Manager with the API's key, and nothing else: whatever else is called is a failure on our side. */
const services = createServer((request, response) => {
  const target = String(request.headers["x-amz-target"]);
  targets.push(target);
  const known = target === "secretsmanager.GetSecretValue";
  response.writeHead(known ? 200 : 400, { "content-type": "application/x-amz-json-1.1" });
  response.end(
    JSON.stringify(known ? { SecretString: JSON.stringify({ apiKey }) } : { __type: "ValidationException" }),
  );
});

const Result = z.object({ statusCode: z.int(), headers: z.record(z.string(), z.string()), body: z.string() });
// Of Lambda's context the function reads its id and the time that is left.
const context = { awsRequestId: "request-of-lambda", getRemainingTimeInMillis: () => 29_000 } as Context;

function event(method: string, path: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    version: "2.0",
    rawPath: `/api/v1${path}`,
    headers: { "x-api-key": apiKey },
    requestContext: { requestId: "request-of-the-gateway", http: { method } },
    isBase64Encoded: false,
    ...more,
  };
}

async function call(input: unknown) {
  const { handler } = await import("../../lambdas/console-api.ts");
  const result = Result.parse(await handler(input, context));
  return {
    ...result,
    errors: z.object({ errors: z.array(z.object({ code: z.string() })) }).parse(JSON.parse(result.body)).errors,
  };
}

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    services.listen(0, "127.0.0.1", () => resolve());
  });
});

beforeEach(() => {
  // A server that listens on a port has an address with one.
  const { port } = services.address() as AddressInfo;
  const variables = {
    SLUICE_STAGE: "dev",
    SLUICE_QUEUE_BASE_URL: "https://sqs.us-east-1.amazonaws.com/000000000000/",
    SLUICE_CLAIM_BUCKET: "sluice-claims",
    SLUICE_KEY_ID: "arn:aws:kms:us-east-1:000000000000:key/1",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    POWERTOOLS_DEV: "true",
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
});

afterAll(async () => {
  await new Promise((resolve) => {
    services.close(resolve);
    services.closeAllConnections();
  });
});

describe("the console API's function", () => {
  test("answers health without calling anybody", async () => {
    targets.length = 0;
    const answer = await call(event("GET", "/health", { headers: {} }));
    expect([answer.statusCode, targets]).toEqual([200, []]);
    expect(answer.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "x-request-id": "request-of-lambda",
    });
  });

  test("takes the key of the stage's secret, and no other", async () => {
    expect((await call(event("GET", "/partners"))).statusCode).toBe(200);
    const wrong = await call(event("GET", "/partners", { headers: { "x-api-key": "another" } }));
    expect([wrong.statusCode, wrong.errors]).toMatchObject([401, [{ code: "wrong-api-key" }]]);
  });

  test("reads bodies as text and as base64", async () => {
    const text = JSON.stringify({ failureIds: ["nonsense"], "ä€": 1 });
    for (const body of [{ body: text }, { body: Buffer.from(text).toString("base64"), isBase64Encoded: true }]) {
      const answer = await call(event("POST", "/failures/replay", body));
      expect([answer.statusCode, answer.errors]).toMatchObject([400, [{ code: "unknown-field" }]]);
      expect(answer.body).toContain('"field":"ä€"');
    }
    const unreadable = await call(event("POST", "/failures/replay", { body: "4pyT4A==", isBase64Encoded: true }));
    expect(unreadable.errors).toMatchObject([{ code: "body-not-json" }]);
  });

  test("reads the query and the method", async () => {
    const query = await call(event("GET", "/partners", { queryStringParameters: { limit: "0" } }));
    expect(query.errors).toMatchObject([{ code: "invalid-field" }]);
    expect((await call(event("DELETE", "/partners"))).statusCode).toBe(405);
  });

  test("answers 500 in the envelope when a service fails, and tells nothing of it", async () => {
    const lines: unknown[] = [];
    vi.spyOn(console, "error").mockImplementation((line: unknown) => void lines.push(line));
    const answer = await call(event("GET", "/connections"));
    expect([answer.statusCode, answer.errors]).toMatchObject([500, [{ code: "internal" }]]);
    expect(answer.body).not.toMatch(/Validation|dynamo|sluice-dev/i);
    expect(JSON.stringify(lines)).toMatch(/request-of-lambda.*ValidationException/s);
  });

  test("refuses an event that is not of the gateway's form", async () => {
    await expect(call({ Records: [] })).rejects.toThrow(/rawPath/);
  });

  test("refuses to start without its variables, and names them", async () => {
    vi.resetModules();
    vi.stubEnv("SLUICE_STAGE", undefined);
    vi.stubEnv("SLUICE_KEY_ID", "alias");
    await expect(import("../../lambdas/console-api.ts")).rejects.toThrow(/SLUICE_STAGE: is missing; SLUICE_KEY_ID/);
  });
});
