import { describe, expect, test } from "vitest";
import * as z from "zod";
import { noFacts } from "../../../lib/engine/webhook-event.ts";
import { concurrency, slidingWindow } from "../../../lib/engine/gate/limit-declarations.ts";
import type { ResourceDriver } from "../../../lib/engine/define-partner.ts";
import type { Cursor } from "../../../lib/engine/run.ts";
import { fetchOne } from "../../../lib/flows/fetch-one.ts";
import { guesty } from "../../../lib/partners/guesty/driver.ts";
import { AccountLimits } from "../../../lib/partners/guesty/sandbox-accounts.ts";
import { change, ledgerObjects, ledgerSummary, temporaryFolder } from "../../local/sandbox/support/open-sandbox.ts";
import { openReceiver } from "../../local/sandbox/support/receiver.ts";
import type { Received } from "../../local/sandbox/support/receiver.ts";
import { mapThing } from "../contract/resources.ts";
import { verdictOf } from "../contract/verdict.ts";
import { client, connection, openGuesty, webhookSecret } from "./open-guesty.ts";
import type { OpenGuesty } from "./open-guesty.ts";

/** The driver against Guesty's stand-in, which shares no code with it: what both read out of the documentation has to agree. */
const seed = { listings: 130, guests: 230, reservations: 250 };
const kinds = { reservations: "reservation", listings: "listing", guests: "guest" } as const;
const names = ["reservations", "listings", "guests"] as const;
const noLimits = { perSecond: 100_000, perMinute: 100_000, perHour: 100_000, concurrent: 1_000 };

const TokenAnswer = z.object({ access_token: z.string(), expires_in: z.literal(86_400), token_type: z.string() });
const ListAnswer = z.looseObject({ results: z.array(z.record(z.string(), z.unknown())), count: z.int() });

async function walk(world: OpenGuesty, resource: ResourceDriver, more: Readonly<Record<string, string>> = {}) {
  const items: unknown[] = [];
  let cursor: Cursor | null = null;
  do {
    const page = resource.page.request(cursor);
    if (page.kind !== "query") throw new Error("Guesty's pages are asked for by a query");
    const query = { ...resource.query, ...more, ...page.query };
    const result = await world.patient({ path: resource.path, query });
    if (result.kind === "failed") throw result.error;
    const content = resource.page.read(result.body, cursor);
    items.push(...content.items);
    cursor = content.next;
  } while (cursor !== null);
  return items;
}

function idsOf(resource: ResourceDriver, things: readonly unknown[]): readonly string[] {
  return things.map((raw) => {
    const mapped = mapThing(resource, raw);
    if (mapped.kind === "bad") throw new Error(mapped.why);
    return mapped.id;
  });
}

async function tokenOf(world: OpenGuesty): Promise<string> {
  return TokenAnswer.parse(await (await world.token()).json()).access_token;
}

async function statusesOf(calls: readonly Promise<Response>[]): Promise<readonly number[]> {
  return (await Promise.all(calls)).map(({ status }) => status).toSorted((left, right) => left - right);
}

const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

describe("the driver and the stand-in agree", () => {
  test("a full pass brings everything there is, each mapped, each once, with one token and within all limits", async () => {
    const world = await openGuesty({ seed });
    for (const name of names) {
      const things = await walk(world, guesty.resources[name]);
      const there = await ledgerObjects(world.open, `&type=${kinds[name]}`);
      expect(idsOf(guesty.resources[name], things).toSorted()).toEqual(there.map(({ id }) => id).toSorted());
    }
    const { violations, requests } = await ledgerSummary(world.open);
    expect(violations.total).toBe(0);
    expect(requests["POST /oauth2/token"]?.served).toBe(1);
    expect(requests["GET /v1/guests-crud"]?.served).toBe(3);
  });

  test("changes since a moment are asked for and come, and nothing else does", async () => {
    const world = await openGuesty({ seed, limits: noLimits });
    for (const name of ["reservations", "listings"] as const) {
      const sinceMs = world.ports.clock.nowMs();
      world.ports.clock.advance(1);
      const { objects } = await change(world.open, { type: "update", resource: name, count: 12, silent: true });
      const { increment } = guesty.resources[name];
      const things = await walk(world, guesty.resources[name], increment?.query(sinceMs + 1));
      expect(idsOf(guesty.resources[name], things).toSorted()).toEqual(objects.map(([, id]) => id).toSorted());
      world.ports.clock.advance(1_000);
      expect(await walk(world, guesty.resources[name], increment?.query(world.ports.clock.nowMs()))).toEqual([]);
    }
  });

  test("a thing is the same from a list and alone", async () => {
    const world = await openGuesty({ seed: { listings: 5, guests: 25, reservations: 10 }, limits: noLimits });
    for (const name of names) {
      const resource = guesty.resources[name];
      for (const raw of await walk(world, resource)) {
        const fromList = mapThing(resource, raw);
        const id = fromList.kind === "mapped" ? fromList.id : "";
        const alone = await world.patient({ path: resource.onePath(id), query: resource.oneQuery ?? {} });
        if (alone.kind === "failed") throw alone.error;
        const fromOne = mapThing(resource, alone.body);
        expect(fromOne.kind === "mapped" && fromList.kind === "mapped").toBe(true);
        expect({ ...fromOne, parsed: null }).toEqual({ ...fromList, parsed: null });
      }
    }
  });

  test("what was removed leaves a tombstone, and the ledger counts the answer that told of it", async () => {
    const world = await openGuesty({ seed: { listings: 3, guests: 3, reservations: 3 }, limits: noLimits });
    const { objects } = await change(world.open, { type: "delete", count: 4 });
    for (const [type, externalId] of objects) {
      const resourceName = type === "guest" ? "guests" : "listings";
      const resource = guesty.resources[resourceName];
      const source = { kind: "webhook", id: "msg_1" } as const;
      const target = { driver: guesty, connection, resourceName, resource, source, trace: "trace" };
      const limits = { lane: "webhooks" as const, deadlineMs: world.ports.clock.nowMs() + 30_000 };
      expect(await fetchOne(world.ports, target, externalId, limits)).toMatchObject({ counts: { deleted: 1 } });
      expect(await fetchOne(world.ports, target, externalId, limits)).toMatchObject({ counts: { unchanged: 1 } });
    }
    const gone = (await ledgerObjects(world.open)).filter(({ deleted }) => deleted);
    expect(gone.map(({ revisionsServed }) => revisionsServed)).toEqual([1, 1, 1, 1]);
  });

  test("a reservation cannot be removed, it is cancelled", async () => {
    const world = await openGuesty({ seed: { listings: 1, guests: 1, reservations: 1 }, limits: noLimits });
    await expect(change(world.open, { type: "delete", resource: "reservations" })).rejects.toThrow("409");
    await change(world.open, { type: "update", resource: "reservations", count: 4 });
    const [raw] = await walk(world, guesty.resources.reservations);
    const mapped = mapThing(guesty.resources.reservations, raw);
    expect(mapped.kind === "mapped" ? mapped.data["status"] : mapped.why).toBe("cancelled");
  });
});

describe("tokens", () => {
  test("that expire before their time are refused with a 401 and a 403 in turn, and renewed once each", async () => {
    const world = await openGuesty({ limits: noLimits, tokenWorksSeconds: 600 });
    expect((await world.call({})).kind).toBe("ok");
    for (let round = 0; round < 4; round++) {
      world.ports.clock.advance(601_000);
      expect((await world.call({})).kind).toBe("ok");
    }
    const Entries = z.object({ entries: z.array(z.looseObject({ status: z.int() })) });
    const { entries } = Entries.parse(await world.open.control("GET", "/__sandbox/ledger/entries?kind=answer"));
    const refusals = entries.map(({ status }) => status).filter((status) => status >= 400);
    expect(refusals).toEqual([401, 403, 401, 403]);
    const { requests, violations } = await ledgerSummary(world.open);
    expect(requests["POST /oauth2/token"]?.served).toBe(5);
    expect(violations.total).toBe(0);
  });

  test("that are revoked are renewed; the sixth of a day is never asked for, and calls wait", async () => {
    const world = await openGuesty({ limits: noLimits });
    const beganMs = world.ports.clock.nowMs();
    for (let round = 0; round < 5; round++) {
      expect((await world.call({})).kind).toBe("ok");
      expect(await world.open.control("POST", "/__sandbox/tokens/revoke", { clientId: client.clientId })).toEqual({
        revoked: 1,
      });
    }
    const waiting = await world.call({});
    expect(waiting).toMatchObject({ kind: "wait", reason: "token-limit" });
    expect((await ledgerSummary(world.open)).violations.total).toBe(0);
    world.ports.clock.set(waiting.kind === "wait" ? waiting.untilMs : 0);
    expect(world.ports.clock.nowMs() - beganMs).toBeGreaterThan(86_000_000);
    expect((await world.call({})).kind).toBe("ok");
  });

  test("are five a day for whoever asks; the sixth waits for hours, and is entered as a violation", async () => {
    const world = await openGuesty();
    for (let minted = 0; minted < 5; minted++) {
      expect((await world.token()).status).toBe(200);
      world.ports.clock.advance(3_600_000);
    }
    const refused = await world.token();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, String(19 * 3_600)]);
    expect((await ledgerSummary(world.open)).violations.total).toBe(1);
    world.ports.clock.advance(19 * 3_600_000);
    expect((await world.token()).status).toBe(200);
    expect((await world.token()).status).toBe(429);
  });

  test.each([
    [{ client_secret: "another-secret-0001" }, 401],
    [{ client_id: "0oaNobodyKnows01" }, 401],
    [{ grant_type: "password" }, 400],
    [{ scope: "booking_engine:api" }, 400],
  ])("are not given for %j", async (over, status) => {
    const world = await openGuesty();
    expect((await world.token(over)).status).toBe(status);
    expect((await world.get("/v1/listings", "nobody's")).status).toBe(401);
  });

  test("outlive the sandbox's death, and so does their count", async () => {
    const dataDir = temporaryFolder();
    const first = await openGuesty({}, dataDir);
    const token = await tokenOf(first);
    for (let minted = 1; minted < 5; minted++) await first.token();
    await first.open.stop();
    const second = await openGuesty({}, dataDir);
    expect((await second.get("/v1/listings", token)).status).toBe(200);
    expect((await second.token()).status).toBe(429);
  });
});

describe("limits", () => {
  test.each([
    ["perSecond", 15, 1_000],
    ["perMinute", 120, 60_000],
    ["perHour", 5_000, 3_600_000],
  ] as const)("%s: %i, judged strictly, with a hint that is right", async (tier, limit, windowMs) => {
    // A smaller one of the kind, so that an hour's does not take 5,000 calls to meet.
    const tried = Math.min(limit, 40);
    const limits = { ...noLimits, [tier]: tier === "perHour" ? tried : limit };
    const world = await openGuesty({ limits });
    const token = await tokenOf(world);
    const used = limits[tier];
    for (let call = 0; call < used; call++) expect((await world.get("/v1/listings", token)).status).toBe(200);
    world.ports.clock.advance(windowMs / 2);
    const refused = await world.get("/v1/listings", token);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, String(Math.max(1, windowMs / 2_000))]);
    world.ports.clock.advance(windowMs / 2 - 1);
    expect((await world.get("/v1/listings", token)).status).toBe(429);
    world.ports.clock.advance(1);
    expect((await world.get("/v1/listings", token)).status).toBe(200);
    expect((await ledgerSummary(world.open)).violations.total).toBe(2);
  });

  test("fifteen at once, and not one more", async () => {
    const world = await openGuesty({ limits: { ...noLimits, concurrent: 15 } });
    const token = await tokenOf(world);
    await world.open.control("POST", "/__sandbox/misbehave", { kind: "slow", delayMs: 300 });
    const statuses = await statusesOf(times(16, () => world.get("/v1/listings", token)));
    expect(statuses).toEqual([...times(15, () => 200), 429]);
  });

  test("every answer says what is left, and all tokens share it", async () => {
    const world = await openGuesty();
    const [one, other] = [await tokenOf(world), await tokenOf(world)];
    await world.get("/v1/listings", one);
    const { headers } = await world.get("/v1/guests-crud?columns=id", other);
    const told = ["limit", "remaining"].flatMap((what) =>
      ["second", "minute", "hour"].map((tier) => headers.get(`x-ratelimit-${what}-${tier}`)),
    );
    expect(told).toEqual(["15", "120", "5000", "13", "118", "4998"]);
  });

  test("that the driver declares are those that the stand-in read out of the same page", () => {
    const { perSecond, perMinute, perHour, concurrent } = AccountLimits.parse({});
    expect(guesty.limits).toEqual([
      slidingWindow({ per: "account", requests: perSecond, perMs: 1_000 }),
      slidingWindow({ per: "account", requests: perMinute, perMs: 60_000 }),
      slidingWindow({ per: "account", requests: perHour, perMs: 3_600_000 }),
      concurrency({ per: "account", calls: concurrent }),
    ]);
  });

  test("that the driver declares are kept by its gate, however much there is to do", async () => {
    const world = await openGuesty({ seed: { listings: 1, guests: 1, reservations: 1 } });
    for (let call = 0; call < 300; call++) expect((await world.patient({})).kind).toBe("ok");
    const { violations, requests } = await ledgerSummary(world.open);
    expect([violations.total, requests["GET /v1/listings"]?.served]).toEqual([0, 300]);
  });
});

describe("lists", () => {
  const small = { seed: { listings: 30, guests: 3, reservations: 30 }, limits: noLimits };
  async function list(world: OpenGuesty, token: string, query: Readonly<Record<string, string>>) {
    const response = await world.get(`/v1/reservations?${new URLSearchParams(query).toString()}`, token);
    return response.ok ? ListAnswer.parse(await response.json()) : response.status;
  }

  test.each([
    [{ limit: "101" }],
    [{ skip: "-1" }],
    [{ filters: "status=confirmed" }],
    [{ filters: '[{"field":"status","operator":"$like","value":"x"}]' }],
    [{ sort: "_id; drop" }],
    [{ fields: "a,b" }],
    [{ starting_after: "x" }],
  ])("refuse %j", async (query) => {
    const world = await openGuesty(small);
    expect(await list(world, await tokenOf(world), query)).toBe(400);
  });

  test("take filters, orders, fields and places", async () => {
    const world = await openGuesty(small);
    const token = await tokenOf(world);
    const all = await list(world, token, { limit: "100", fields: "status nightsCount money.hostPayout", sort: "_id" });
    if (typeof all === "number") throw new Error(`answered ${all}`);
    const ids = all.results.map((one) => z.string().parse(one["_id"]));
    expect(ids).toEqual(ids.toSorted());
    expect(Object.keys(all.results[0] ?? {}).toSorted()).toEqual(["_id", "money", "nightsCount", "status"]);
    expect(Object.keys(z.looseObject({}).parse(all.results[0]?.["money"]))).toEqual(["hostPayout"]);
    const nights = (value: unknown) => z.number().parse(value);
    const cases = [
      [{ field: "status", operator: "$in", value: ["confirmed"] }, (one: Thing) => one["status"] === "confirmed"],
      [{ field: "status", operator: "$not", value: "confirmed" }, (one: Thing) => one["status"] !== "confirmed"],
      [{ field: "nightsCount", operator: "$gt", value: 4 }, (one: Thing) => nights(one["nightsCount"]) > 4],
      [
        { field: "nightsCount", operator: "$between", value: { from: 2, to: 3 } },
        (one: Thing) => [2, 3].includes(nights(one["nightsCount"])),
      ],
    ] as const;
    for (const [filter, holds] of cases) {
      const found = await list(world, token, { limit: "100", sort: "_id", filters: JSON.stringify([filter]) });
      const expected = all.results.filter((one) => holds(one)).map((one) => one["_id"]);
      expect(expected.length).toBeGreaterThan(0);
      expect(typeof found === "number" ? found : found.results.map((one) => one["_id"])).toEqual(expected);
    }
    const second = await list(world, token, { limit: "10", skip: "10", sort: "-_id" });
    expect(typeof second === "number" ? second : second.results.map((one) => one["_id"])).toEqual(
      all.results
        .toReversed()
        .slice(10, 20)
        .map((one) => one["_id"]),
    );
  });
  type Thing = Readonly<Record<string, unknown>>;
});

describe("webhooks", () => {
  const account = { seed: { listings: 30, guests: 30, reservations: 30 }, limits: noLimits };
  const verdict = (world: OpenGuesty, { headers, body }: Received) =>
    verdictOf(guesty, {
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
      rawBody: new TextEncoder().encode(body),
      url: "https://hooks.example.com",
      method: "POST",
      secrets: [webhookSecret],
      nowMs: world.ports.clock.nowMs(),
    }).ok;
  const pendingOf = async (world: OpenGuesty) => (await ledgerSummary(world.open)).webhooks.pending;

  test("are signed as the driver verifies, and name what changed", async () => {
    const receiver = await openReceiver();
    const world = await openGuesty({ ...account, webhookUrl: receiver.url });
    for (const type of ["create", "update", "delete"]) {
      const before = receiver.received.length;
      const { objects } = await change(world.open, { type, count: 6 });
      const received = (await receiver.count(before + 6)).slice(before);
      expect(received.map((one) => verdict(world, one))).toEqual(times(6, () => true));
      const touched = received.flatMap(
        (one) => guesty.webhook?.touches(guesty.webhook.schema.parse(JSON.parse(one.body)), noFacts) ?? [],
      );
      const changed = objects.map(([kind, externalId]) => ({ resource: `${kind}s`, externalId }));
      expect(new Set(touched.map((one) => JSON.stringify(one)))).toEqual(
        new Set(changed.map((one) => JSON.stringify(one))),
      );
    }
    const lean = receiver.received.filter(({ body }) => body.includes("reservation.updated.v2"));
    expect(lean.length).toBeGreaterThan(0);
    expect(lean.filter(({ body }) => body.includes("money"))).toEqual([]);
  });

  test("that are forged are refused, doubles bear the same id", async () => {
    const world = await openGuesty(account);
    const receiver = await openReceiver((one) => (verdict(world, one) ? 202 : 401));
    await world.open.control("POST", "/__sandbox/accounts", { ...client, webhookSecret, webhookUrl: receiver.url });
    const webhooks = { forgeShare: 0.5, duplicateShare: 0.25 };
    await change(world.open, { type: "update", count: 40, webhooks });
    await expect.poll(() => pendingOf(world)).toBe(0);
    const { byTrick, forgedAccepted } = (await ledgerSummary(world.open)).webhooks;
    expect(forgedAccepted).toBe(0);
    expect([byTrick["none"]?.accepted, byTrick["duplicate"]?.accepted]).toEqual([40, 10]);
    for (const trick of ["bad-signature", "changed-byte", "stale-timestamp", "unsigned"]) {
      expect([trick, byTrick[trick]?.refused]).toEqual([trick, 5]);
    }
    const honest = receiver.received.filter((one) => verdict(world, one)).map(({ headers }) => headers["svix-id"]);
    expect([honest.length, new Set(honest).size]).toEqual([50, 40]);
  });
});
