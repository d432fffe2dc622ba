import { expect, test } from "vitest";
import { errorsOf, TestApi } from "./support/api.ts";

test("models are listed once each, and shown as JSON Schema", async () => {
  const api = new TestApi();
  expect((await api.page("/models")).items).toContainEqual({ name: "order", version: 1 });
  const { data } = await api.call("GET", "/models/order");
  expect(data).toEqual({
    name: "order",
    version: 1,
    schema: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: { amount: { type: "string" } },
      required: ["amount"],
      additionalProperties: false,
    },
  });
});

test("a model that no resource maps into is not found", async () => {
  expect(errorsOf(await new TestApi().call("GET", "/models/starship"))).toEqual(["not-found"]);
});
