import { request as httpRequest } from "node:http";
import { expect, test } from "vitest";
import { ask, functionArn, returning, startHttpBench } from "../support/http-bench.ts";
import { account } from "../support/models.ts";

test("a request arrives as an event of payload format 2.0", async () => {
  const { api, calls } = await startHttpBench(
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
  const [call] = calls;
  if (call === undefined) throw new Error("The function was not called.");
  const { requestContext, headers, ...event } = call.event;
  expect(call.functionArn).toBe(functionArn);
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
  const { api, calls } = await startHttpBench({}, returning("ok"));

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
  const { api, calls } = await startHttpBench({}, returning("ok"));
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
  const { api, calls } = await startHttpBench({}, returning("ok"));

  await ask(api.url, "/", { method: "POST", headers: { "content-type": "application/json" }, body: allBytes });
  await ask(api.url, "/", { method: "POST", headers: { "content-type": "image/png" }, body: allBytes });

  for (const { event } of calls) {
    expect(event.isBase64Encoded).toBe(true);
    expect(Buffer.from(event.body ?? "", "base64")).toEqual(allBytes);
  }
  expect(calls).toHaveLength(2);
});

test("a body in chunks arrives whole", async () => {
  const { api, calls } = await startHttpBench({}, returning("ok"));

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
