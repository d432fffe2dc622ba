import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { startHttpApi, type HttpApi } from "../../../lib/local/http/http-api.ts";
import type { HttpEvent } from "../../../lib/local/http/request-event.ts";
import type { HttpApiModel, InvocationResult } from "../../../lib/local/types.ts";
import { account, region } from "../support/models.ts";
import { createTestClock, type TestClock } from "../support/test-clock.ts";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Bench {
  readonly api: HttpApi;
  readonly clock: TestClock;
  /** What the function was called with, in order. */
  readonly calls: { readonly functionArn: string; readonly event: HttpEvent }[];
  readonly log: string[];
}

const functionArn = `arn:aws:lambda:${region}:${account}:function:f`;

/** A gateway on a real socket in front of a function that is given as code. */
async function startBench(
  model: Partial<HttpApiModel>,
  behave: (event: HttpEvent) => Promise<InvocationResult> | InvocationResult,
): Promise<Bench> {
  const clock = createTestClock(Date.parse("2020-03-12T19:03:58.000Z"));
  const calls: Bench["calls"] = [];
  const log: string[] = [];
  const api = await startHttpApi({
    api: {
      id: "api1",
      name: "edge",
      routes: [{ routeKey: "$default", functionArn, throttle: null }],
      defaultThrottle: null,
      ...model,
    },
    accountId: account,
    port: 0,
    clock,
    onLog: (line) => log.push(line.text),
    host: {
      async invoke(name, event) {
        // The gateway sends its own event type.
        calls.push({ functionArn: name, event: event as HttpEvent });
        return behave(event as HttpEvent);
      },
    },
  });
  onTestFinished(() => api.stop(0));
  return { api, clock, calls, log };
}

const returning = (payload: unknown) => (): InvocationResult => ({ kind: "returned", payload });

function ask(
  url: string,
  path: string,
  options: { method?: string; headers?: Record<string, string | string[]>; body?: Buffer | string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      `${url}${path}`,
      { method: options.method ?? "GET", headers: options.headers ?? {}, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(options.body);
  });
}

test("a request arrives as an event of payload format 2.0", async () => {
  const { api, calls } = await startBench(
    { routes: [{ routeKey: "POST /webhooks/stripe/{connectionId}", functionArn, throttle: null }] },
    returning("ok"),
  );

  await ask(api.url, "/webhooks/stripe/caf%C3%A9?a=1&a=2&b=x%20y", {
    method: "POST",
    headers: {
      "Content-Type": "application/json; charset=utf-8",
      "User-Agent": "tester",
      Cookie: "one=1; two=2",
      "X-Twice": ["first", "second"],
      "X-Forwarded-For": "192.0.2.1",
    },
    body: `{"ü":1}`,
  });

  const port = new URL(api.url).port;
  expect(calls).toHaveLength(1);
  const { requestContext, headers, ...event } = calls[0]?.event ?? ({} as HttpEvent);
  expect(calls[0]?.functionArn).toBe(functionArn);
  expect(event).toEqual({
    version: "2.0",
    routeKey: "POST /webhooks/stripe/{connectionId}",
    rawPath: "/webhooks/stripe/café",
    rawQueryString: "a=1&a=2&b=x%20y",
    cookies: ["one=1", "two=2"],
    queryStringParameters: { a: "1,2", b: "x y" },
    pathParameters: { connectionId: "café" },
    body: `{"ü":1}`,
    isBase64Encoded: false,
  });
  const { "x-amzn-trace-id": trace, ...plainHeaders } = headers;
  expect(trace).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}/);
  expect(plainHeaders).toEqual({
    "content-type": "application/json; charset=utf-8",
    "user-agent": "tester",
    "x-twice": "first,second",
    "content-length": "8",
    host: `127.0.0.1:${port}`,
    "x-forwarded-for": "192.0.2.1, 127.0.0.1",
    "x-forwarded-port": port,
    "x-forwarded-proto": "http",
  });
  const { requestId, ...context } = requestContext;
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(context).toEqual({
    accountId: account,
    apiId: "api1",
    domainName: "127.0.0.1",
    domainPrefix: "127",
    http: {
      method: "POST",
      path: "/webhooks/stripe/café",
      protocol: "HTTP/1.1",
      sourceIp: "127.0.0.1",
      userAgent: "tester",
    },
    routeKey: "POST /webhooks/stripe/{connectionId}",
    stage: "$default",
    time: "12/Mar/2020:19:03:58 +0000",
    timeEpoch: 1584039838000,
  });
});

test("what a request does not have is absent from its event", async () => {
  const { api, calls } = await startBench({}, returning("ok"));

  await ask(api.url, "/");

  expect(Object.keys(calls[0]?.event ?? {}).toSorted()).toEqual([
    "headers",
    "isBase64Encoded",
    "rawPath",
    "rawQueryString",
    "requestContext",
    "routeKey",
    "version",
  ]);
});

const allBytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));

test.each([
  ["application/json", "text"],
  ["APPLICATION/JSON;charset=UTF-8", "text"],
  ["text/plain", "text"],
  ["text/csv", "text"],
  ["application/xml", "text"],
  ["application/javascript", "text"],
  ["application/x-www-form-urlencoded", "base64"],
  ["application/octet-stream", "base64"],
  ["application/vnd.api+json", "base64"],
  [undefined, "base64"],
])("a body of type %s goes to the function as %s", async (contentType, wanted) => {
  const { api, calls } = await startBench({}, returning("ok"));
  const body = "key=välue\r\n\u0000\ufeff";

  await ask(api.url, "/", {
    method: "POST",
    headers: contentType === undefined ? {} : { "content-type": contentType },
    body,
  });

  const event = calls[0]?.event;
  expect(event?.isBase64Encoded).toBe(wanted === "base64");
  expect(event?.body).toBe(wanted === "base64" ? Buffer.from(body).toString("base64") : body);
});

test("bytes that are not UTF-8 survive whatever type they claim to be", async () => {
  const { api, calls } = await startBench({}, returning("ok"));

  await ask(api.url, "/", { method: "POST", headers: { "content-type": "application/json" }, body: allBytes });
  await ask(api.url, "/", { method: "POST", headers: { "content-type": "image/png" }, body: allBytes });

  for (const { event } of calls) {
    expect(event.isBase64Encoded).toBe(true);
    expect(Buffer.from(event.body ?? "", "base64")).toEqual(allBytes);
  }
  expect(calls).toHaveLength(2);
});

test("a body in chunks arrives whole", async () => {
  const { api, calls } = await startBench({}, returning("ok"));

  await new Promise<void>((resolve, reject) => {
    const outgoing = httpRequest(
      api.url,
      { method: "POST", headers: { "content-type": "text/plain" }, agent: false },
      (response) => {
        response.resume();
        response.on("end", resolve);
      },
    );
    outgoing.on("error", reject);
    outgoing.write("first ");
    outgoing.write("second");
    outgoing.end();
  });

  expect(calls[0]?.event.body).toBe("first second");
  expect(calls[0]?.event.headers["content-length"]).toBe("12");
});

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
  const { api } = await startBench({}, returning(payload));

  const answer = await ask(api.url, "/");

  expect(answer.status).toBe(status);
  expect(answer.headers["content-type"]).toBe(contentType);
  expect(answer.body.toString()).toBe(body);
});

test("a response can carry bytes, cookies and headers of its own", async () => {
  const { api } = await startBench(
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
  const { api } = await startBench({}, () => result);

  const answer = await ask(api.url, "/");

  expect(answer.status).toBe(status);
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(JSON.parse(answer.body.toString())).toEqual({ message });
});

test("a function that takes longer than 30 s is given up, and not before", async () => {
  const never = new Promise<InvocationResult>(() => undefined);
  const routes = [{ routeKey: "GET /slow", functionArn, throttle: null }];
  const { api, clock, log } = await startBench({ routes }, () => never);
  let answered = false;
  const pending = ask(api.url, "/slow").finally(() => {
    answered = true;
  });
  await clock.waiting(30_000);

  await clock.advance(29_999);
  // A whole request and answer later the first one would have been answered.
  await ask(api.url, "/elsewhere");
  expect(answered).toBe(false);
  await clock.advance(1);

  const answer = await pending;
  expect(answer.status).toBe(503);
  expect(JSON.parse(answer.body.toString())).toEqual({ message: "Service Unavailable" });
  expect(log[0]).toContain("GET /slow");
});

test("10 MB pass the gateway and one byte more does not, announced or not", async () => {
  const { api, calls } = await startBench({}, returning("ok"));
  const mb10 = 10 * 1024 * 1024;

  expect((await ask(api.url, "/", { method: "POST", body: Buffer.alloc(mb10, 120) })).status).toBe(200);
  expect(Buffer.from(calls[0]?.event.body ?? "", "base64")).toHaveLength(mb10);

  for (const headers of [{ "content-length": String(mb10 + 1) }, { "transfer-encoding": "chunked" }]) {
    const answer = await ask(api.url, "/", { method: "POST", headers, body: Buffer.alloc(mb10 + 1, 120) });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.body.toString())).toEqual({ message: "Request Entity Too Large" });
  }
  expect(calls).toHaveLength(1);
});

test("a client that sends without end is cut off, and little of it is kept", async () => {
  const { api, clock } = await startBench({}, returning("ok"));
  const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n");
  const chunk = Buffer.concat([Buffer.from("100000\r\n"), Buffer.alloc(1024 * 1024, 120), Buffer.from("\r\n")]);
  let received = "";
  socket.on("data", (data) => (received += data.toString()));
  socket.on("error", () => undefined);
  const before = process.memoryUsage().arrayBuffers;
  const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
  for (let sent = 0; sent < 60; sent += 1)
    await new Promise<void>((resolve) => void socket.write(chunk, () => resolve()));

  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * 1024 * 1024);
  await clock.advance(5_000);
  await closed;
  expect(received).toMatch(/^HTTP\/1\.1 413 /);
});

test("a client that hangs up in the middle of its body leaves nothing behind", async () => {
  const { api, calls } = await startBench({}, returning("ok"));
  const socket = connect(Number(new URL(api.url).port), "127.0.0.1");
  await new Promise<void>(
    (resolve) => void socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf", () => resolve()),
  );
  socket.destroy();

  expect((await ask(api.url, "/")).status).toBe(200);
  expect(calls).toHaveLength(1);
  expect(api.unfinished()).toBe(0);
});

test("a route is throttled by its own bucket and the stage's default is for the others", async () => {
  const { api, clock } = await startBench(
    {
      routes: [
        { routeKey: "GET /tight", functionArn, throttle: { requestsPerSecond: 1, burst: 2 } },
        { routeKey: "GET /other", functionArn, throttle: null },
      ],
      defaultThrottle: { requestsPerSecond: 100, burst: 3 },
    },
    returning("ok"),
  );
  const statuses = async (path: string, count: number): Promise<readonly number[]> => {
    const found: number[] = [];
    for (let index = 0; index < count; index += 1) found.push((await ask(api.url, path)).status);
    return found;
  };

  expect(await statuses("/tight", 3)).toEqual([200, 200, 429]);
  expect(await statuses("/other", 4)).toEqual([200, 200, 200, 429]);
  await clock.advance(999);
  expect(await statuses("/tight", 1)).toEqual([429]);
  await clock.advance(1);
  expect(await statuses("/tight", 2)).toEqual([200, 429]);
  const refused = await ask(api.url, "/tight");
  expect(JSON.parse(refused.body.toString())).toEqual({ message: "Too Many Requests" });
});

test("a path that no route takes is not found", async () => {
  const { api, calls } = await startBench(
    { routes: [{ routeKey: "POST /webhooks/{partner}", functionArn, throttle: null }] },
    returning("ok"),
  );

  for (const [method, path] of [
    ["GET", "/webhooks/a"],
    ["POST", "/webhooks"],
    ["POST", "/webhooks/a/b"],
    ["POST", "/webhooks/a/"],
    ["POST", "/"],
  ] as const) {
    const answer = await ask(api.url, path, { method });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body.toString())).toEqual({ message: "Not Found" });
  }
  expect(calls).toHaveLength(0);
});

test("the log names the route and what went wrong, never the path", async () => {
  const { api, log } = await startBench(
    { routes: [{ routeKey: "POST /hook/{secret}", functionArn, throttle: null }] },
    () => ({ kind: "threw", errorType: "TypeError", errorMessage: "token abc" }),
  );

  await ask(api.url, "/hook/s3cr3t", { method: "POST" });

  expect(log).toHaveLength(1);
  expect(log[0]).toContain("POST /hook/{secret}");
  expect(log[0]).toContain("TypeError");
  expect(log[0]).not.toMatch(/s3cr3t|abc/);
});

test("a port that is taken is refused by number", async () => {
  const { api } = await startBench({}, returning("ok"));
  const port = Number(new URL(api.url).port);

  const second = startHttpApi({
    api: { id: "x", name: "x", routes: [], defaultThrottle: null },
    accountId: account,
    port,
    clock: createTestClock(0),
    onLog: () => undefined,
    host: { invoke: () => Promise.reject(new Error("unused")) },
  });

  await expect(second).rejects.toThrow(new RegExp(`${port}.*taken`));
});
