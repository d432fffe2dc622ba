import { createHmac } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { PageShapeError } from "../../../lib/engine/pages/page-strategy.ts";
import { urlFor } from "../../../lib/engine/request-url.ts";
import { quickbooks } from "../../../lib/partners/quickbooks/driver.ts";
import { queryPages } from "../../../lib/partners/quickbooks/query-pages.ts";
import { describePartner } from "../contract.ts";
import { mapThing, thingsOf } from "../contract/resources.ts";
import { readFixture } from "../contract/subject.ts";

const root = join(import.meta.dirname, "../../..");
const read = <Schema extends z.ZodType>(file: string, schema: Schema) => readFixture(root, "quickbooks", file, schema);

const Pages = z.array(z.looseObject({ QueryResponse: z.looseObject({}) }));
const Touches = z.array(z.object({ resource: z.enum(["customers", "invoices", "payments"]), externalId: z.string() }));
const Events = z.array(
  z.object({
    name: z.string(),
    event: z.unknown(),
    touches: Touches,
    account: z.null(),
    parts: z.array(z.object({ account: z.string(), touches: Touches })),
  }),
);
const Headers = z.record(z.string(), z.string());
const Vectors = z.array(
  z.object({
    name: z.string(),
    secret: z.string(),
    headers: Headers,
    body: z.string(),
    now: z.int(),
    valid: z.boolean(),
  }),
);
const Errors = z.array(
  z.object({
    name: z.string(),
    status: z.int(),
    headers: Headers,
    body: z.unknown(),
    kind: z.enum(["transient", "rate", "client", "auth", "data"]),
    code: z.string(),
    retryAfterMs: z.number().nullable().default(null),
  }),
);

const customers = read("customers.json", Pages);
const invoices = read("invoices.json", Pages);
const payments = read("payments.json", Pages);

describePartner(quickbooks, {
  credentials: {
    accepted: [
      { fields: { refreshToken: "RT1-example-of-a-refresh-token" } },
      { fields: { refreshToken: "RT1-example-of-a-refresh-token", accessToken: "example-of-an-access-token" } },
    ],
    refused: [{ accessToken: "example-of-an-access-token" }, { refreshToken: "two words" }, { apiKey: "example" }],
  },
  resources: {
    customers: { pages: customers, required: ["Id", "MetaData.CreateTime"], gone: [], feed: null },
    invoices: { pages: invoices, required: ["Id", "MetaData.LastUpdatedTime"], gone: [], feed: null },
    payments: { pages: payments, required: ["Id", "TotalAmt", "CurrencyRef.value"], gone: [], feed: null },
  },
  webhook: {
    vectors: read("signature-vectors.json", Vectors),
    secret: "verifier-token",
    sign: (body, secret) => ({ "intuit-signature": createHmac("sha256", secret).update(body).digest("base64") }),
    method: "POST",
    url: "https://hooks.example.com/webhooks/quickbooks",
    toleranceMs: null,
    events: read("events.json", Events),
  },
  errors: read("errors.json", Errors),
});

describe("calls", () => {
  test("are made to the company that the connection is of", () => {
    const request = { method: "GET", path: "/query", query: { minorversion: "75" }, endpoint: "GET /query" } as const;
    expect(urlFor(quickbooks, request, "310687")).toBe(
      "https://quickbooks.api.intuit.com/v3/company/310687/query?minorversion=75",
    );
  });

  test("say in QuickBooks' own language what is wanted, and since when", () => {
    const { customers: names, invoices: bills } = quickbooks.resources;
    const span = { sinceMs: 1_790_000_000_999, untilMs: 0 };
    expect([names.page.request(null), bills.page.request({ position: 501 }, span)]).toEqual([
      {
        kind: "query",
        query: {
          query: "select * from Customer where Active in (true, false) orderby Id startposition 1 maxresults 500",
        },
      },
      {
        kind: "query",
        query: {
          query:
            "select * from Invoice where MetaData.LastUpdatedTime >= '2026-09-21T14:13:20.999Z' orderby Id startposition 501 maxresults 500",
        },
      },
    ]);
  });

  test("go on after a full page, from the position after its last thing, and end with one that is not full", () => {
    const pages = queryPages("Invoice", { alsoInactive: false });
    const full = { QueryResponse: { Invoice: Array.from({ length: 500 }, (_, index) => ({ Id: String(index) })) } };
    const first = pages.read(full, null);
    expect([first.items.length, first.next]).toEqual([500, { position: 501 }]);
    expect(pages.read(full, first.next).next).toEqual({ position: 1_001 });
    expect(pages.read({ QueryResponse: {}, time: "2026-11-20T06:15:07Z" }, first.next)).toEqual({
      items: [],
      next: null,
      total: null,
    });
    expect(() => pages.read({ Fault: {} }, null)).toThrow(PageShapeError);
    expect(() => pages.read(full, { position: 10_000_000 })).toThrow(PageShapeError);
  });
});

describe("whose the account is", () => {
  const { auth } = quickbooks;
  const accountOf = (realmId: string | undefined): string | null =>
    auth.kind === "authorization-code"
      ? auth.account({ callback: realmId === undefined ? {} : { realmId }, token: {}, probe: null })
      : null;

  test("stands beside the code", () => {
    expect(accountOf("4620816365044851490")).toBe("4620816365044851490");
  });

  test.each([undefined, "", "..", "1/2", "12 34", "x1", "1".repeat(41)])("is not taken from %s", (realmId) => {
    expect(accountOf(realmId)).toBeNull();
  });
});

describe("what QuickBooks' things become", () => {
  const things = { customers, invoices, payments } as const;

  function record(name: keyof typeof things, index: number): Readonly<Record<string, unknown>> {
    const raw = thingsOf(quickbooks.resources[name], things[name])[index];
    const mapped = mapThing(quickbooks.resources[name], raw);
    if (mapped.kind === "bad") throw new Error(mapped.why);
    return mapped.data;
  }

  test("a customer, one that is inactive, and one of whom little is known", () => {
    expect(record("customers", 0)).toMatchObject({
      id: "1",
      name: "Example Bird Sanctuary",
      email: "birds@example.com",
      phone: "(650) 555-0111",
      archived: false,
      address: { line1: "4581 Example St.", city: "Bayshore", region: "CA", postalCode: "94326" },
      createdAt: "2026-05-04T23:48:43.000Z",
      updatedAt: "2026-05-11T17:15:06.000Z",
      extra: { Balance: 239, Notes: "Wants it monthly", SyncToken: "0" },
    });
    expect(record("customers", 1)).toMatchObject({ archived: true, email: null, phone: null, address: null });
    const little = record("customers", 2);
    expect(["archived", "email", "phone", "address"].filter((field) => field in little)).toEqual([]);
  });

  test("an invoice, in its own currency or in none", () => {
    const { extra, ...data } = record("invoices", 0);
    expect(data).toEqual({
      id: "130",
      number: "1037",
      customerId: "24",
      total: { amount: "301.13", currency: "USD" },
      tax: { amount: "26.13", currency: "USD" },
      balance: { amount: "301.13", currency: "USD" },
      issuedDay: "2026-05-04",
      dueDay: "2026-06-03",
      createdAt: "2026-05-04T17:15:06.000Z",
      updatedAt: "2026-05-04T17:15:06.000Z",
    });
    expect(extra).toMatchObject({ Line: [{ Id: "1" }, { DetailType: "SubTotalLineDetail" }], BillEmail: null });
    expect(record("invoices", 1)).toMatchObject({
      number: null,
      dueDay: null,
      total: { amount: "12000", currency: "JPY" },
      balance: { amount: "0", currency: "JPY" },
      note: "Paid in the shop",
    });
    const bare = record("invoices", 2);
    expect("total" in bare).toBe(false);
    expect(bare["extra"]).toMatchObject({ TotalAmt: 55.5, Balance: 55.5 });
  });

  test("a payment, and one that was voided", () => {
    expect(record("payments", 0)).toMatchObject({
      id: "163",
      kind: "charge",
      status: "succeeded",
      amount: { amount: "301.13", currency: "USD" },
      customerId: "24",
      extra: { Line: [{ LinkedTxn: [{ TxnId: "130" }] }] },
    });
    expect(record("payments", 1)).toMatchObject({ amount: { amount: "0.00", currency: "USD" } });
  });
});
