import { expect, test } from "vitest";
import { ManualClock } from "./support/manual-clock.ts";
import { ledgerSummary, openSandbox, temporaryFolder } from "./support/open-sandbox.ts";

const live = {
  limits: { globalPerSecond: 100, endpointPerSecond: 25 },
  seed: { charges: 30, paymentIntents: 0, customers: 5 },
};

/** A thousandth of a millisecond, and exact even beside today's time. */
const hair = 2 ** -10;

async function statuses(calls: readonly Promise<Response>[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const call of calls) {
    const { status } = await call;
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

test("an endpoint takes 25 in any second, whatever the ids, and says which limit was broken", async () => {
  const clock = new ManualClock();
  const open = await openSandbox({ clock, account: live });
  const list = await open.stripe.charges.list({ limit: 30 });
  clock.advance(1_000);
  expect(await statuses(list.data.slice(0, 25).map(({ id }) => open.call(`/v1/charges/${id}`)))).toEqual({ 200: 25 });
  clock.advance(1_000 - hair);
  const refused = await open.call(`/v1/charges/${list.data[0]?.id ?? ""}`);
  expect(refused.status).toBe(429);
  expect(refused.headers.get("stripe-rate-limited-reason")).toBe("endpoint-rate");
  expect(refused.headers.get("retry-after")).toBeNull();
  expect(await refused.json()).toMatchObject({ error: { type: "invalid_request_error", code: "rate_limit" } });
  clock.advance(hair);
  expect(await statuses(times(26, () => open.call(`/v1/charges/${list.data[0]?.id ?? ""}`)))).toEqual({
    200: 25,
    429: 1,
  });
  const { violations } = await ledgerSummary(open);
  expect(violations.total).toBe(2);
  expect(violations.recent.map(({ endpoint, limit, count }) => [endpoint, limit, count])).toEqual([
    ["GET /v1/charges/{id}", 25, 26],
    // The refused one of a millisecond earlier arrived in the same second.
    ["GET /v1/charges/{id}", 25, 27],
  ]);
});

test("an account takes 100 in any second over all its endpoints", async () => {
  const open = await openSandbox({ clock: new ManualClock(), account: live });
  const paths = ["/v1/charges", "/v1/customers", "/v1/payment_intents", "/v1/events", "/v1/refunds"];
  expect(await statuses(times(100, (index) => open.call(paths[index % 4] ?? "")))).toEqual({ 200: 100 });
  const refused = await open.call("/v1/refunds");
  expect(refused.headers.get("stripe-rate-limited-reason")).toBe("global-rate");
});

test("one account's calls cost another nothing, and a stranger's cost nobody", async () => {
  const open = await openSandbox({ clock: new ManualClock(), account: live });
  const other = "sk_test_sandboxExample0002";
  await open.control("POST", "/__sandbox/accounts", { key: other, limits: live.limits });
  await statuses(
    times(30, () => open.call("/v1/charges", { headers: { authorization: "Bearer sk_test_unknown000000" } })),
  );
  await statuses(times(25, () => open.call("/v1/charges")));
  const call = await open.call("/v1/charges", { headers: { authorization: `Bearer ${other}` } });
  expect(call.status).toBe(200);
});

test("a limit on concurrent requests is freed as they end", async () => {
  const clock = new ManualClock();
  const open = await openSandbox({ clock, account: { limits: { ...live.limits, concurrent: 2 } } });
  await open.control("POST", "/__sandbox/misbehave", { kind: "timeout", count: 2 });
  const leaving = new AbortController();
  const hanging = times(2, () => open.call("/v1/charges", { signal: leaving.signal }).catch(() => null));
  await expect.poll(async () => (await ledgerSummary(open)).deliberate["timeout"]).toBe(2);
  const refused = await open.call("/v1/customers");
  expect(refused.headers.get("stripe-rate-limited-reason")).toBe("global-concurrency");
  leaving.abort();
  await Promise.all(hanging);
  await expect.poll(async () => (await open.call("/v1/customers")).status).toBe(200);
});

test("a window of today's time, with its fractions, is judged to a thousandth of a millisecond", async () => {
  const clock = new ManualClock(1_780_000_000_123.25);
  const open = await openSandbox({ clock, account: live });
  await statuses(times(24, () => open.call("/v1/events")));
  clock.advance(999.5);
  expect(await statuses(times(2, () => open.call("/v1/events")))).toEqual({ 200: 1, 429: 1 });
  clock.advance(0.5);
  expect(await statuses(times(25, () => open.call("/v1/events")))).toEqual({ 200: 24, 429: 1 });
});

test("a restart does not give the window's calls again", async () => {
  const clock = new ManualClock();
  const dataDir = temporaryFolder();
  const first = await openSandbox({ clock, dataDir, account: live });
  await statuses(times(25, () => first.call("/v1/charges")));
  await first.stop();
  clock.advance(900);
  const second = await openSandbox({ clock, dataDir, account: null });
  expect((await second.call("/v1/charges")).status).toBe(429);
  clock.advance(100);
  expect((await second.call("/v1/charges")).status).toBe(200);
});
