import { connect } from "node:net";
import { expect, test } from "vitest";
import { startHttpApi } from "../../../lib/local/http/http-api.ts";
import type { InvocationResult } from "../../../lib/local/types.ts";
import { ask, functionArn, returning, startHttpBench } from "../support/http-bench.ts";
import { account } from "../support/models.ts";
import { createTestClock } from "../support/test-clock.ts";

test("a function that takes longer than 30 s is given up, and not before", async () => {
  const never = new Promise<InvocationResult>(() => undefined);
  const routes = [{ routeKey: "GET /slow", functionArn, throttle: null }];
  const { api, clock, log } = await startHttpBench({ routes }, () => never);
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
  const { api, calls } = await startHttpBench({}, returning("ok"));
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
  const { api, clock } = await startHttpBench({}, returning("ok"));
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
  const { api, calls } = await startHttpBench({}, returning("ok"));
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
  const { api, clock } = await startHttpBench(
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
  const { api, calls } = await startHttpBench(
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
  const { api, log } = await startHttpBench(
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
  const { api } = await startHttpBench({}, returning("ok"));
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
