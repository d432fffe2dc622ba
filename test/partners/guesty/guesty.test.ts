import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { digestOf } from "../../../lib/engine/canonical.ts";
import { guesty } from "../../../lib/partners/guesty/driver.ts";
import { describePartner } from "../contract.ts";
import { mapThing, thingsOf } from "../contract/resources.ts";
import { readFixture } from "../contract/subject.ts";
import { verdictOf } from "../contract/verdict.ts";

const root = join(import.meta.dirname, "../../..");
const read = <Schema extends z.ZodType>(file: string, schema: Schema) => readFixture(root, "guesty", file, schema);

const Thing = z.record(z.string(), z.unknown());
const Pages = z.array(z.looseObject({ results: z.array(Thing), count: z.int() }));
const Events = z.array(
  z.object({
    name: z.string(),
    event: z.looseObject({}),
    touches: z.array(z.object({ resource: z.enum(["reservations", "listings", "guests"]), externalId: z.string() })),
    account: z.string().nullable(),
  }),
);
const Vectors = z.array(
  z.object({
    name: z.string(),
    secret: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
    now: z.int(),
    valid: z.boolean(),
  }),
);
const Errors = z.array(
  z.object({
    name: z.string(),
    status: z.int(),
    headers: z.record(z.string(), z.string()),
    body: z.unknown(),
    kind: z.enum(["transient", "rate", "client", "auth", "data"]),
    code: z.string(),
    retryAfterMs: z.number().nullable().default(null),
  }),
);

const reservations = read("reservations.json", Pages);
const listings = read("listings.json", Pages);
const guests = read("guests.json", Pages);
const vectors = read("signature-vectors.json", Vectors);
const clientId = "0oaExampleClient01";
const clientSecret = "example-client-secret-0001";

describePartner(guesty, {
  credentials: {
    accepted: [{ fields: { clientId, clientSecret } }],
    refused: [
      { clientId },
      { clientSecret },
      { clientId: "", clientSecret },
      { clientId: "0oa Example Client", clientSecret },
      { clientId, clientSecret: "too-short" },
      { clientId, clientSecret: "with a space within it" },
      { apiKey: "example-key" },
    ],
  },
  resources: {
    reservations: { pages: reservations, required: ["_id", "status"], gone: [], feed: null },
    listings: { pages: listings, required: ["_id"], gone: [], feed: null },
    guests: { pages: guests, required: ["id"], gone: [], feed: null },
  },
  webhook: {
    vectors,
    secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    // The package of Standard Webhooks, which shares no code with the driver.
    sign: (body, secret, atMs) => ({
      "svix-id": "msg_guesty_example",
      "svix-timestamp": String(Math.floor(atMs / 1000)),
      "svix-signature": new Webhook(secret).sign("msg_guesty_example", new Date(atMs), Buffer.from(body)),
    }),
    method: "POST",
    url: "https://hooks.example.com/webhooks/guesty",
    toleranceMs: 300_000,
    events: read("events.json", Events),
  },
  errors: read("errors.json", Errors),
});

test("a secret counts with and without its prefix", () => {
  const [vector] = vectors;
  if (vector === undefined) throw new Error("there is no vector");
  const request = {
    headers: vector.headers,
    rawBody: new TextEncoder().encode(vector.body),
    url: "https://hooks.example.com",
    method: "POST",
    nowMs: vector.now * 1000,
  };
  for (const secret of [vector.secret, `whsec_${vector.secret}`]) {
    expect(verdictOf(guesty, { ...request, secrets: [secret] })).toEqual({ ok: true });
  }
});

test("changes are asked for by the time of the last one, in Guesty's form of a filter", () => {
  const asked = Object.values(guesty.resources).map(({ increment }) => increment?.query(1_790_000_000_999) ?? null);
  const filters = '[{"field":"lastUpdatedAt","operator":"$gte","value":"2026-09-21T14:13:20.999Z"}]';
  expect(asked).toEqual([{ filters }, { filters }, null]);
});

test("the same fields are asked for in lists and alone, and none that opens a door", () => {
  for (const name of ["reservations", "listings"] as const) {
    const { query, oneQuery } = guesty.resources[name];
    expect(query?.["fields"]).toBe(oneQuery?.["fields"]);
    expect(query?.["sort"]).toBe("_id");
    expect(query?.["fields"]).not.toMatch(/keyCode|wifi/i);
  }
});

test.each([{ event: "reservation.updated.v2", data: {} }, { event: "guest.deleted" }, { reservation: { _id: "1" } }])(
  "%j is a failure, as ignoring it would lose a change",
  (event) => {
    expect(guesty.webhook?.schema.safeParse(event).success).toBe(false);
  },
);

describe("what Guesty's things become", () => {
  const byId = new Map(
    (["reservations", "listings", "guests"] as const).flatMap((resource) =>
      thingsOf(guesty.resources[resource], { reservations, listings, guests }[resource]).map((raw) => {
        const { _id, id } = z.looseObject({ _id: z.string().optional(), id: z.string().optional() }).parse(raw);
        return [_id ?? id, { resource, raw }] as const;
      }),
    ),
  );

  function record(id: string, over: object = {}): Readonly<Record<string, unknown>> {
    const found = byId.get(id);
    if (found === undefined) throw new Error(`no fixture has the id ${id}`);
    const mapped = mapThing(guesty.resources[found.resource], { ...Thing.parse(found.raw), ...over });
    if (mapped.kind === "bad") throw new Error(mapped.why);
    return mapped.data;
  }
  const stay = (number: number, over: object = {}) => record(`6602c364237d5e3771d9ff0${number}`, over);
  const home = (number: number, over: object = {}) => record(`5f1e7c0a9b2d4e0031aa000${number}`, over);
  const person = (number: number, over: object = {}) => record(`65f0aa11bb22cc33dd44ee0${number}`, over);

  test("a reservation", () => {
    const { extra, ...data } = stay(1);
    expect(data).toEqual({
      id: "6602c364237d5e3771d9ff01",
      confirmationCode: "GY-Example01",
      status: "confirmed",
      partnerStatus: "confirmed",
      propertyId: "5f1e7c0a9b2d4e0031aa0001",
      guestId: "65f0aa11bb22cc33dd44ee01",
      channel: "manual",
      checkInAt: "2026-05-10T20:00:00.000Z",
      checkOutAt: "2026-05-14T15:00:00.000Z",
      checkInDay: "2026-05-10",
      checkOutDay: "2026-05-14",
      nights: 4,
      guests: { total: 3, adults: 2, children: 1, infants: 0 },
      payout: { amount: "812.40", currency: "USD" },
      paid: { amount: "400.00", currency: "USD" },
      due: { amount: "412.40", currency: "USD" },
      createdAt: "2026-03-26T12:40:36.921Z",
      updatedAt: "2026-03-27T08:01:02.000Z",
    });
    expect(extra).toMatchObject({ plannedArrival: "16:00", plannedDeparture: null, money: { fareAccommodation: 760 } });
  });

  test("a listing", () => {
    const { extra, ...data } = home(1);
    expect(data).toEqual({
      id: "5f1e7c0a9b2d4e0031aa0001",
      title: "Sea view loft",
      name: "Loft 1",
      active: true,
      listed: true,
      capacity: 4,
      timeZone: "Europe/Berlin",
      checkInTime: "15:00",
      checkOutTime: "11:00",
      address: {
        line1: "1 Example Street",
        city: "Hamburg",
        region: null,
        postalCode: "20095",
        country: "Germany",
      },
      location: { latitude: 53.55, longitude: 9.99 },
      basePrice: { amount: "180.00", currency: "EUR" },
      createdAt: "2025-11-02T09:00:00.000Z",
      updatedAt: "2026-03-01T08:30:00.000Z",
    });
    expect(extra).toMatchObject({ bathrooms: 1.5, tags: ["sea", "lift"], prices: { cleaningFee: 75 } });
  });

  test("a guest, the same from the list and alone", () => {
    const { extra, ...data } = person(1);
    expect(data).toEqual({
      id: "65f0aa11bb22cc33dd44ee01",
      name: "Ada Example",
      firstName: "Ada",
      lastName: "Example",
      emails: ["ada@example.com", "ada.work@example.com"],
      phones: ["+12025550123"],
      language: "en",
    });
    expect(extra).toEqual({ tags: ["vip"], notes: "Ground floor, please", goodToKnowNotes: "" });
    const alone = mapThing(guesty.resources.guests, read("guest-alone.json", Thing));
    expect(alone.kind === "mapped" ? digestOf(alone.data) : alone.why).toBe(digestOf(person(1)));
  });

  test.each([
    ["inquiry", "inquiry"],
    ["reserved", "pending"],
    ["awaiting_payment", "pending"],
    ["confirmed", "confirmed"],
    ["checked_in", "checkedIn"],
    ["checked_out", "checkedOut"],
    ["canceled", "cancelled"],
    ["declined", "declined"],
    ["expired", "expired"],
    ["closed", "closed"],
    ["levitating", "unknown"],
  ])("the status %s is %s", (status, ours) => {
    expect(stay(1, { status })).toMatchObject({ status: ours, partnerStatus: status });
  });

  test("days are the listing's own, instants are UTC, over a change of the clocks", () => {
    expect(stay(4)).toMatchObject({
      checkInAt: "2026-10-24T20:00:00.000Z",
      checkOutAt: "2026-10-26T10:00:00.000Z",
      checkInDay: "2026-10-24",
      checkOutDay: "2026-10-26",
      nights: 2,
    });
  });

  test("amounts: floats' noise is no money, a currency without small change has none, null is none", () => {
    expect(stay(3)).toMatchObject({ payout: { amount: "1240.10", currency: "EUR" }, paid: null });
    expect(stay(4)).toMatchObject({ payout: { amount: "48000", currency: "JPY" } });
  });

  test("an amount without a currency is no money, but is kept as it came", () => {
    const { extra, ...data } = stay(6);
    expect(Object.hasOwn(data, "payout")).toBe(false);
    expect(extra).toMatchObject({ money: { hostPayout: 10.5 } });
  });

  test("null, empty and missing stay three things", () => {
    expect(stay(3)).toMatchObject({ guestId: null, extra: { plannedArrival: "" } });
    expect(Object.hasOwn(stay(5), "guestId") || Object.hasOwn(stay(5), "confirmationCode")).toBe(false);
    expect(stay(5)["guests"]).toEqual({ total: 3 });
    expect(home(2)).toMatchObject({ title: "", name: null, capacity: null, address: null });
    expect(Object.hasOwn(home(3), "listed") || Object.hasOwn(home(3), "updatedAt")).toBe(false);
    expect(person(2)).toMatchObject({ firstName: "", lastName: null, emails: [], phones: [] });
    expect(Object.hasOwn(person(3), "phones") || Object.hasOwn(person(3), "firstName")).toBe(false);
  });

  test("what has not the measure of a time of day or of a place stays in `extra` alone", () => {
    expect(Object.hasOwn(home(2), "checkInTime") || Object.hasOwn(home(3), "location")).toBe(false);
    expect(home(2)["extra"]).toMatchObject({ defaultCheckInTime: "3 pm" });
    expect(home(3)["extra"]).toMatchObject({ address: { lng: 999 } });
  });
});
