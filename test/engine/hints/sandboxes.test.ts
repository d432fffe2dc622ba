import { expect, onTestFinished, test } from "vitest";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { hintsOf } from "../../../lib/engine/hints/limit-hints.ts";
import { startSandboxes } from "../../../lib/local/sandbox/run.ts";
import { guesty } from "../../../lib/partners/guesty/driver.ts";
import { leaflink } from "../../../lib/partners/leaflink/driver.ts";
import { sandbox as leaflinkSandbox } from "../../../lib/partners/leaflink/sandbox.ts";
import { stripe } from "../../../lib/partners/stripe/driver.ts";
import { openSandbox, temporaryFolder } from "../../local/sandbox/support/open-sandbox.ts";
import { ManualClock } from "../../local/sandbox/support/manual-clock.ts";
import { openGuesty } from "../../partners/guesty/open-guesty.ts";

/** Each driver's sources against its partner's stand-in, which shares no code with them. */
const nowMs = Date.UTC(2026, 10, 20, 12, 0, 0);

async function hear(driver: PartnerDriver, response: Response) {
  const body: unknown = await response.json();
  return hintsOf(driver, { status: response.status, headers: Object.fromEntries(response.headers), body }, nowMs);
}

test.each([
  ["endpoint", { globalPerSecond: 100, endpointPerSecond: 1 }],
  ["account", { globalPerSecond: 1, endpointPerSecond: 1 }],
] as const)("Stripe's 429 names the %s, and no time", async (reason, limits) => {
  const open = await openSandbox({ clock: new ManualClock(), account: { limits } });
  await open.call(reason === "account" ? "/v1/customers" : "/v1/charges");
  const refused = await open.call("/v1/charges");
  expect(refused.status).toBe(429);
  expect(await hear(stripe, refused)).toEqual({ notBeforeMs: null, remaining: [], reason, usedWeight: null });
});

test("Stripe's locked object is no word about limits", async () => {
  const open = await openSandbox();
  await open.control("POST", "/__sandbox/misbehave", { kind: "429-no-hint", count: 1 });
  const refused = await open.call("/v1/charges");
  expect(refused.status).toBe(429);
  expect(await hear(stripe, refused)).toMatchObject({ notBeforeMs: null, reason: null });
});

test("Guesty says what each window has left, and in a 429 for how long to stay away", async () => {
  const world = await openGuesty({ limits: { perMinute: 2 } });
  const { access_token: token } = (await (await world.token()).json()) as { access_token: string }; // as RFC 6749 has it
  const first = await hear(guesty, await world.get("/v1/listings", token));
  expect(first).toMatchObject({ notBeforeMs: null, reason: null });
  expect(first.remaining).toEqual([
    { perMs: 1_000, limit: 15, remaining: 14, resetAtMs: null },
    { perMs: 60_000, limit: 2, remaining: 1, resetAtMs: null },
    { perMs: 3_600_000, limit: 5_000, remaining: 4_999, resetAtMs: null },
  ]);
  await world.get("/v1/listings", token);
  world.ports.clock.advance(20_000);
  const refused = await world.get("/v1/listings", token);
  expect(refused.status).toBe(429);
  const hints = await hear(guesty, refused);
  expect(hints.notBeforeMs).toBe(nowMs + 40_000);
  expect(hints.remaining[1]).toMatchObject({ perMs: 60_000, remaining: 0 });
});

test("LeafLink's 429 says nothing but what somebody puts beside it", async () => {
  const running = await startSandboxes([leaflinkSandbox], { dataDir: temporaryFolder(), clock: new ManualClock() });
  onTestFinished(() => running.stop());
  const address = running.addresses["leaflink"] ?? "";
  const control = (path: string, body: object): Promise<Response> =>
    fetch(`${address}/__sandbox/${path}`, { method: "POST", body: JSON.stringify(body) });
  const key = "keyOfTheFirstCompany0001";
  await control("accounts", { key, webhookKey: "company-webhook-key", perMinute: 1 });
  const call = (): Promise<Response> =>
    fetch(`${address}/api/v2/customers/?limit=1`, { headers: { authorization: `App ${key}` } });
  await control("misbehave", { kind: "429-with-hint", retryAfterSeconds: 7, count: 1 });
  expect((await hear(leaflink, await call())).notBeforeMs).toBe(nowMs + 7_000);
  await call();
  const refused = await call();
  expect(refused.status).toBe(429);
  expect(await hear(leaflink, refused)).toEqual({ notBeforeMs: null, remaining: [], reason: null, usedWeight: null });
});
