import { describe, expect, test } from "vitest";
import * as z from "zod";
import { ClientError, createClient } from "../../lib/client/client.ts";
import { defineModel } from "../../lib/models/model.ts";
import { apiKey, TestApi } from "../flows/api/support/api.ts";
import { putRecord } from "../flows/api/support/seed.ts";

const order = defineModel("order", 1, z.strictObject({ amount: z.string() }));

/** The client on the real API, without a socket between them. */
function clientOf(api: TestApi, key = apiKey) {
  return createClient({
    url: "https://api.example/",
    key,
    fetch: async (url, init) => {
      const { pathname, searchParams } = new URL(url);
      const answer = await api.call("GET", decodeURIComponent(pathname.replace("/api/v1", "")), {
        query: Object.fromEntries(searchParams),
        key: new Headers(init.headers).get("x-api-key"),
      });
      return new Response(answer.body, { status: answer.status });
    },
  });
}

describe("the client", () => {
  test("reads every record of a resource, over all pages", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const ids = Array.from({ length: 230 }, (_, index) => `order-${String(index).padStart(3, "0")}`);
    for (const each of ids) await putRecord(api.ports, id, each);
    const read: unknown[] = [];
    for await (const { externalId, data } of clientOf(api).records(id, "orders", order))
      read.push([externalId, data?.amount]);
    expect(read).toEqual(ids.map((each) => [each, each]));
  });

  test("reads one record, whatever its id, and tells one that is not there", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await putRecord(api.ports, id, "order/7");
    const client = clientOf(api);
    expect(await client.record(id, "orders", "order/7", order)).toMatchObject({ version: 1, deleted: false });
    expect(await client.record(id, "orders", "order/8", order)).toBeNull();
  });

  test("gives what was known last of a deleted record, and null where nothing was", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await putRecord(api.ports, id, "never-seen", { deleted: true, data: {} });
    expect(await clientOf(api).record(id, "orders", "never-seen", order)).toMatchObject({ deleted: true, data: null });
  });

  test("refuses data that is not of the model", async () => {
    const api = new TestApi();
    const id = await api.connect();
    await putRecord(api.ports, id, "order-1", { data: { amount: 7 } });
    await expect(clientOf(api).record(id, "orders", "order-1", order)).rejects.toBeInstanceOf(z.ZodError);
  });

  test("says which call the API refused, and never the key", async () => {
    const api = new TestApi();
    const id = await api.connect();
    const call = clientOf(api, "a-wrong-key-0123456789").record(id, "orders", "order-1", order);
    await expect(call).rejects.toMatchObject({ status: 401 });
    await expect(call).rejects.toBeInstanceOf(ClientError);
    await expect(call).rejects.not.toThrow("a-wrong-key");
  });
});
