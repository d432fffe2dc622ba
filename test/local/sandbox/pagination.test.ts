import fc from "fast-check";
import { expect, test } from "vitest";
import { change, errorIn, ledgerObjects, openSandbox } from "./support/open-sandbox.ts";

const seed = { charges: 437, paymentIntents: 120, customers: 60 };

test("Stripe's own client pages through everything once, newest first, while objects are added", async () => {
  const open = await openSandbox({ account: { seed } });
  const before = (await ledgerObjects(open, "&type=charge")).map(({ id }) => id);
  const seen: string[] = [];
  let created = -1;
  for await (const charge of open.stripe.charges.list({ limit: 100 })) {
    expect(created === -1 || charge.created <= created).toBe(true);
    created = charge.created;
    seen.push(charge.id);
    if (seen.length % 50 === 0) await change(open, { type: "create", resource: "charges", count: 3 });
  }
  expect(seen).toEqual(before.toReversed());
});

test("a page backwards is the page that was turned", async () => {
  const open = await openSandbox({ account: { seed } });
  const first = await open.stripe.customers.list({ limit: 20 });
  const second = await open.stripe.customers.list({ limit: 20, starting_after: first.data.at(-1)?.id ?? "" });
  const back = await open.stripe.customers.list({ limit: 20, ending_before: second.data[0]?.id ?? "" });
  expect(back.data.map(({ id }) => id)).toEqual(first.data.map(({ id }) => id));
  expect(back.has_more).toBe(false);
  const tail = await open.stripe.customers.list({ limit: 20, starting_after: second.data.at(-1)?.id ?? "" });
  expect([first.has_more, second.has_more, tail.has_more]).toEqual([true, true, false]);
  const nearest = await open.stripe.customers.list({ limit: 5, ending_before: tail.data[0]?.id ?? "" });
  expect(nearest.data.map(({ id }) => id)).toEqual(second.data.slice(-5).map(({ id }) => id));
  expect(nearest.has_more).toBe(true);
});

test("any page size and any filter on creation give what a plain filter gives", async () => {
  const open = await openSandbox({ account: { seed: { charges: 60, paymentIntents: 0, customers: 0 } } });
  const all = (await open.stripe.charges.list({ limit: 100 })).data;
  const times = all.map(({ created }) => created);
  const bound = fc.integer({ min: Math.min(...times) - 60, max: Math.max(...times) + 60 });
  const range = fc.record({ gte: bound, gt: bound, lte: bound, lt: bound }, { requiredKeys: [] });
  await fc.assert(
    fc.asyncProperty(range, fc.integer({ min: 1, max: 100 }), async (created, limit) => {
      const found: string[] = [];
      for await (const charge of open.stripe.charges.list({ limit, created })) found.push(charge.id);
      const wanted = all.filter(
        (charge) =>
          charge.created >= (created.gte ?? 0) &&
          charge.created > (created.gt ?? 0) &&
          charge.created <= (created.lte ?? Infinity) &&
          charge.created < (created.lt ?? Infinity),
      );
      expect(found).toEqual(wanted.map(({ id }) => id));
    }),
    { numRuns: 25 },
  );
});

test("lists keep to the objects that a filter names", async () => {
  const open = await openSandbox({ account: { seed } });
  const charges = await ledgerObjects(open, "&type=charge");
  const customer = charges.map(({ state }) => state["customer"]).find((id) => typeof id === "string") ?? "";
  const found: string[] = [];
  for await (const charge of open.stripe.charges.list({ customer, limit: 3 })) found.push(charge.id);
  expect(found.toSorted()).toEqual(
    charges
      .filter(({ state }) => state["customer"] === customer)
      .map(({ id }) => id)
      .toSorted(),
  );
  expect(found.length).toBeGreaterThan(3);
});

test("a customer that was deleted leaves the list, still is a cursor, and answers as deleted", async () => {
  const open = await openSandbox({ account: { seed } });
  const { data } = await open.stripe.customers.list({ limit: 3 });
  const id = data[1]?.id ?? "";
  await change(open, { type: "delete", ids: [id] });
  expect(await open.stripe.customers.retrieve(id)).toEqual({ id, object: "customer", deleted: true });
  const after = await open.stripe.customers.list({ limit: 1, starting_after: id });
  expect(after.data[0]?.id).toBe(data[2]?.id);
  expect((await open.stripe.customers.list({ limit: 2 })).data.map((customer) => customer.id)).toEqual([
    data[0]?.id,
    data[2]?.id,
  ]);
});

test.each([
  ["/v1/charges?limit=0", 400, "limit", "parameter_invalid"],
  ["/v1/charges?limit=101", 400, "limit", "parameter_invalid"],
  ["/v1/charges?limit=ten", 400, "limit", "parameter_invalid"],
  ["/v1/charges?page=2", 400, "page", "parameter_unknown"],
  ["/v1/charges?created[after]=2", 400, "created[after]", "parameter_unknown"],
  ["/v1/charges?expand[]=data.customer", 400, "expand", "parameter_unknown"],
  ["/v1/charges?starting_after=ch_none", 400, "starting_after", "resource_missing"],
  ["/v1/charges?starting_after=a&ending_before=b", 400, undefined, undefined],
  ["/v1/charges/ch_none", 404, "id", "resource_missing"],
  ["/v1/customers/cus_none", 404, "id", "resource_missing"],
  ["/v1/events?type=a&types[]=b", 400, undefined, undefined],
  ["/v1/events?types[]=charge.*", 400, "types[0]", "parameter_invalid"],
  ["/v1/nothing", 404, undefined, undefined],
])("%s is refused with %i as Stripe words errors", async (path, status, param, code) => {
  const open = await openSandbox();
  const response = await open.call(path);
  expect(response.status).toBe(status);
  expect(response.headers.get("request-id")).toMatch(/^req_/);
  const error = await errorIn(response);
  expect([error.type, error.param, error.code]).toEqual(["invalid_request_error", param, code]);
});
