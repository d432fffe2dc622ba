import { expect, test } from "vitest";
import { ManualClock } from "./support/manual-clock.ts";
import { errorIn, ledgerObjects, ledgerSummary, openSandbox, type OpenSandbox } from "./support/open-sandbox.ts";

const account = { seed: { charges: 5, paymentIntents: 0, customers: 5 } };

function misbehave(open: OpenSandbox, asked: unknown): Promise<unknown> {
  return open.control("POST", "/__sandbox/misbehave", asked);
}

test.each([
  ["status-500", 500, "api_error", undefined],
  ["429-with-hint", 429, "invalid_request_error", "rate_limit"],
  ["429-no-hint", 429, "invalid_request_error", "lock_timeout"],
  ["200-with-error", 200, "api_error", undefined],
])("%s is Stripe's own failure and not counted as served", async (kind, status, type, code) => {
  const open = await openSandbox({ account });
  await misbehave(open, { kind, count: 1, retryAfterSeconds: 7 });
  const response = await open.call("/v1/charges");
  const error = await errorIn(response);
  expect([response.status, error.type, error.code]).toEqual([status, type, code]);
  const hinted = kind === "429-with-hint";
  expect(response.headers.get("retry-after")).toBe(hinted ? "7" : null);
  expect(response.headers.get("stripe-rate-limited-reason")).toBe(hinted ? "endpoint-rate" : null);
  expect((await open.call("/v1/charges")).status).toBe(200);
  const { requests, deliberate, violations } = await ledgerSummary(open);
  expect(requests["GET /v1/charges"]).toEqual({ served: 1, incomplete: 0, violations: 0, refused: 0, deliberate: 1 });
  expect(deliberate).toEqual({ [kind]: 1 });
  expect(violations.total).toBe(0);
});

test("malformed JSON is the real answer cut short, and none of its objects was served", async () => {
  const open = await openSandbox({ account });
  await misbehave(open, { kind: "malformed-json", count: 1 });
  const response = await open.call("/v1/charges");
  const text = await response.text();
  expect(response.status).toBe(200);
  expect(text).toContain('"object":"charge"');
  expect(() => void JSON.parse(text)).toThrow(SyntaxError);
  expect((await ledgerObjects(open)).filter(({ revisionsServed }) => revisionsServed > 0)).toEqual([]);
  const entered = await open.control("GET", "/__sandbox/ledger/entries?kind=answer");
  expect(entered).toMatchObject({ entries: [{ deliberate: "malformed-json", references: [] }] });
});

test("a time-out never answers until the caller leaves", async () => {
  const open = await openSandbox({ account });
  await misbehave(open, { kind: "timeout", count: 1 });
  const leaving = new AbortController();
  const call = open.call("/v1/charges", { signal: leaving.signal });
  await expect.poll(async () => (await ledgerSummary(open)).deliberate).toEqual({ timeout: 1 });
  leaving.abort();
  await expect(call).rejects.toThrow("abort");
  await expect.poll(async () => (await ledgerSummary(open)).requests["GET /v1/charges"]?.deliberate).toBe(1);
});

test("slow answers late, and is served all the same", async () => {
  const clock = new ManualClock();
  const open = await openSandbox({ clock, account });
  await misbehave(open, { kind: "slow", delayMs: 5_000, count: 1 });
  const call = open.call("/v1/charges");
  let answered = false;
  const answer = call.then(() => (answered = true));
  await expect.poll(async () => (await ledgerSummary(open)).deliberate["slow"]).toBe(1);
  clock.advance(4_999);
  expect((await ledgerSummary(open)).requests["GET /v1/charges"]).toBeUndefined();
  expect(answered).toBe(false);
  clock.advance(1);
  await answer;
  expect((await call).status).toBe(200);
  await expect.poll(async () => (await ledgerSummary(open)).requests["GET /v1/charges"]?.served).toBe(1);
});

test("a caller who leaves a slow answer was served nothing", async () => {
  const clock = new ManualClock();
  const open = await openSandbox({ clock, account });
  await misbehave(open, { kind: "slow", delayMs: 5_000, count: 1 });
  const leaving = new AbortController();
  const call = open.call("/v1/charges", { signal: leaving.signal });
  await expect.poll(async () => (await ledgerSummary(open)).deliberate["slow"]).toBe(1);
  leaving.abort();
  await expect(call).rejects.toThrow("abort");
  await expect.poll(async () => (await ledgerSummary(open)).requests["GET /v1/charges"]?.incomplete).toBe(1);
  expect((await ledgerObjects(open)).filter(({ revisionsServed }) => revisionsServed > 0)).toEqual([]);
});

test("it befalls only the paths, methods, number and time that were asked for", async () => {
  const clock = new ManualClock();
  const open = await openSandbox({ clock, account });
  const status = async (path: string) => (await open.call(path)).status;
  await misbehave(open, { kind: "status-500", match: "/v1/charges", method: "get", forMs: 1_000 });
  expect(await status("/v1/customers")).toBe(200);
  expect([await status("/v1/charges"), await status("/v1/charges")]).toEqual([500, 500]);
  clock.advance(1_000);
  expect(await status("/v1/charges")).toBe(200);
  await misbehave(open, { kind: "status-500", count: 2 });
  expect([await status("/v1/charges"), await status("/v1/events"), await status("/v1/charges")]).toEqual([
    500, 500, 200,
  ]);
  await misbehave(open, { kind: "status-500" });
  expect(await status("/v1/charges")).toBe(500);
  await open.control("DELETE", "/__sandbox/misbehave");
  expect(await status("/v1/charges")).toBe(200);
});

test("a share of the calls fails, the same ones for the same seed", async () => {
  const outcomes = async () => {
    const open = await openSandbox({ account });
    await misbehave(open, { kind: "status-500", share: 0.3 });
    const statuses: number[] = [];
    for (let count = 0; count < 100; count += 1) statuses.push((await open.call("/v1/charges")).status);
    return statuses;
  };
  const [first, second] = [await outcomes(), await outcomes()];
  expect(first).toEqual(second);
  const failed = first.filter((status) => status === 500).length;
  expect(failed).toBeGreaterThan(15);
  expect(failed).toBeLessThan(45);
});

test("a request that fits no misbehaviour is refused with the field's name", async () => {
  const open = await openSandbox({ account });
  await expect(misbehave(open, { kind: "explode" })).rejects.toThrow("kind");
  await expect(misbehave(open, { kind: "slow", delay: 3 })).rejects.toThrow("delay");
  await expect(open.control("POST", "/__sandbox/nothing")).rejects.toThrow("404");
});
