import { beforeEach, expect, test, vi } from "vitest";
import type { PartnerDriver } from "../../lib/engine/define-partner.ts";
import type { LimitHints, OutboundAnswer } from "../../lib/engine/ports.ts";
import { callPartner } from "../../lib/flows/call-partner.ts";
import type { CallResult } from "../../lib/flows/call-partner.ts";
import { fetchOne } from "../../lib/flows/fetch-one.ts";
import { TokensAhead } from "../../lib/flows/tokens-ahead.ts";
import { createMemoryPorts, jsonAnswer, startMs } from "../support/memory-ports.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { acme, connection } from "./support/acme.ts";

/** What one call of the flows tells the gate of its answer. */
let ports: MemoryPorts;

beforeEach(async () => {
  ports = createMemoryPorts({ partners: [acme] });
  await ports.credentials.replace(connection, null, { apiKey: "key" });
});

async function call(
  answer: OutboundAnswer,
  driver: PartnerDriver = acme,
  tokens: TokensAhead = new TokensAhead(ports, driver),
): Promise<CallResult> {
  ports.transport.respond(() => answer);
  const request = { method: "GET", path: "/orders", query: {}, endpoint: "GET /orders" } as const;
  return callPartner(ports, { driver, connection, request, lane: "imports", deadlineMs: startMs + 30_000, tokens });
}

const told = (): readonly LimitHints[] => ports.gate.settlements.map(({ outcome }) => outcome.hints);

const said = (): readonly unknown[] =>
  ports.log.lines
    .filter(({ message }) => message.startsWith("the partner refused a call for its limit"))
    .map(({ fields: { endpoint, waitMs, toldByPartner } }) => ({ endpoint, waitMs, toldByPartner }));

test("a good answer's count is told, and its Retry-After is none of the gate's", async () => {
  const answer = jsonAnswer(200, { items: [] }, { "x-ratelimit-remaining": "5", "retry-after": "60" });
  expect((await call(answer)).kind).toBe("ok");
  expect(told()).toMatchObject([{ notBeforeMs: null, remaining: [{ remaining: 5 }] }]);
});

test("a good answer that uses up a window tells the gate, and is a good answer", async () => {
  const answer = jsonAnswer(
    200,
    { items: [] },
    { ratelimit: '"minute";r=0;t=30', "ratelimit-policy": '"minute";q=9;w=60' },
  );
  expect(await call(answer)).toMatchObject({ kind: "ok", body: { items: [] } });
  const window = { perMs: 60_000, remaining: 0, resetAtMs: startMs + 30_000, limit: 9 };
  expect(told()).toEqual([{ notBeforeMs: null, remaining: [window], reason: null, usedWeight: null }]);
});

test("whoever holds tokens for later calls hears of it too", async () => {
  const tokens = new TokensAhead(ports, acme);
  const heed = vi.spyOn(tokens, "heed");
  await call(jsonAnswer(503, {}, { "retry-after": "30", "x-ratelimit-remaining": "5" }), acme, tokens);
  expect(heed.mock.calls).toMatchObject([[{ notBeforeMs: startMs + 30_000, remaining: [{ remaining: 5 }] }]]);
});

test("a run's tokens hear of what the partner says to a single thing that is fetched beside its pages", async () => {
  const tokens = new TokensAhead(ports, acme);
  const [heed, reserve] = [vi.spyOn(tokens, "heed"), vi.spyOn(tokens, "reserve")];
  ports.transport.respond(() => jsonAnswer(503, {}, { "retry-after": "30" }));
  const { orders: resource } = acme.resources;
  if (resource === undefined) throw new Error("Acme has orders");
  const source = { kind: "run", id: "run-1" } as const;
  const target = { driver: acme, connection, resourceName: "orders", resource, source, trace: "trace" };
  const limits = { lane: "imports", deadlineMs: startMs + 30_000, heeding: tokens } as const;
  expect(await fetchOne(ports, target, "order-1", limits)).toMatchObject({ kind: "failed" });
  expect(heed.mock.calls).toMatchObject([[{ notBeforeMs: startMs + 30_000 }]]);
  expect(reserve).not.toHaveBeenCalled();
});

test("a 429 without a word is a second's wait, and the gate's own to judge", async () => {
  expect(await call(jsonAnswer(429, {}))).toMatchObject({ kind: "wait", untilMs: startMs + 1_000 });
  expect(ports.gate.settlements).toMatchObject([{ outcome: { kinds: ["rate"], hints: { notBeforeMs: null } } }]);
  expect(said()).toEqual([{ endpoint: "GET /orders", waitMs: 1_000, toldByPartner: false }]);
});

test("a 429 that names only a reset is silence until then", async () => {
  const answer = jsonAnswer(429, {}, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "45" });
  expect(await call(answer)).toMatchObject({ kind: "wait", untilMs: startMs + 45_000 });
  expect(told()).toMatchObject([{ notBeforeMs: startMs + 45_000 }]);
  expect(said()).toEqual([{ endpoint: "GET /orders", waitMs: 45_000, toldByPartner: true }]);
});

test("a reset that is sooner than a second is taken at its word", async () => {
  const answer = jsonAnswer(429, {}, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "0.4" });
  expect(await call(answer)).toMatchObject({ kind: "wait", untilMs: startMs + 400 });
});

test("the longer of the driver's and the header's wish is kept", async () => {
  const patient: PartnerDriver = { ...acme, classify: () => ({ kind: "rate", code: "slow", retryAfterMs: 9_000 }) };
  const shorter = jsonAnswer(429, {}, { "retry-after": "2" });
  expect(await call(shorter, patient)).toMatchObject({ kind: "wait", untilMs: startMs + 9_000 });
});

test("an outage that says how long holds the account, and stays a failure", async () => {
  const result = await call(jsonAnswer(503, {}, { "retry-after": "30" }));
  expect(result).toMatchObject({ kind: "failed", error: { kind: "transient" } });
  expect(ports.gate.settlements).toMatchObject([
    { outcome: { kinds: ["transient"], hints: { notBeforeMs: startMs + 30_000 } } },
  ]);
});

test("a refusal inside a 200 is heard where the driver names its source", async () => {
  const body = { status: "0", message: "NOTOK", result: "Max calls per sec rate limit reached (3/sec)" };
  const driver: PartnerDriver = {
    ...acme,
    hints: ["etherscan-text"],
    classify: () => ({ kind: "rate", code: "rate-limited" }),
  };
  expect(await call(jsonAnswer(200, body), driver)).toMatchObject({ kind: "wait", untilMs: startMs + 1_000 });
  expect(told()).toMatchObject([{ reason: "account", remaining: [{ limit: 3, remaining: 0 }] }]);
});

test("no answer is no word, and no end of the call", async () => {
  expect((await call({ kind: "lost", reason: "timeout", detail: "20 s" })).kind).toBe("failed");
  expect(told()).toEqual([]);
});
