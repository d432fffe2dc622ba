import { LambdaClient, ResourceInUseException } from "@aws-sdk/client-lambda";
import { describe, expect, test } from "vitest";
import { EnvironmentError } from "../../lib/aws/environment.ts";
import { createMappings, mappingIdsIn } from "../../lib/aws/mappings.ts";

const ids = { webhooks: "11111111-1111-4111-8111-111111111111", imports: "22222222-2222-4222-8222-222222222222" };

/** A client that answers as it is told, and remembers what it was asked. */
function clientThat(answer: () => unknown) {
  const asked: unknown[] = [];
  const send = async (command: { readonly input: unknown }): Promise<unknown> => {
    asked.push(command.input);
    return answer();
  };
  const client = Object.assign(new LambdaClient({ region: "eu-west-1" }), { send });
  return { client: () => client, asked };
}

describe("the mappings' ids", () => {
  test("are read from what the function was deployed with", () => {
    expect(mappingIdsIn({ SLUICE_MAPPINGS: JSON.stringify(ids) })).toEqual(ids);
  });

  test.each([
    undefined,
    "",
    "not JSON",
    "{}",
    JSON.stringify({ webhooks: ids.webhooks }),
    '{"webhooks":1,"imports":2}',
  ])("are refused when they are %j", (SLUICE_MAPPINGS) => {
    expect(() => mappingIdsIn({ SLUICE_MAPPINGS })).toThrow(EnvironmentError);
  });
});

test.each([
  ["Enabled", "enabled"],
  ["Disabled", "disabled"],
  ["Enabling", "changing"],
  ["Disabling", "changing"],
  ["Updating", "changing"],
  [undefined, "changing"],
] as const)("a mapping that Lambda calls %s is %s", async (State, state) => {
  const { client, asked } = clientThat(() => ({ State }));
  expect(await createMappings(ids, client).list()).toEqual([
    { lane: "webhooks", state },
    { lane: "imports", state },
  ]);
  expect(asked).toEqual([{ UUID: ids.webhooks }, { UUID: ids.imports }]);
});

test("one lane's mapping is switched by its id, and a refusal because it is changing is left to the next look", async () => {
  const { client, asked } = clientThat(() => ({}));
  await createMappings(ids, client).set("imports", false);
  expect(asked).toEqual([{ UUID: ids.imports, Enabled: false }]);
  const busy = clientThat(() => {
    throw new ResourceInUseException({ $metadata: {}, message: "busy" });
  });
  await expect(createMappings(ids, busy.client).set("imports", true)).resolves.toBeUndefined();
  const denied = clientThat(() => {
    throw new Error("AccessDenied");
  });
  await expect(createMappings(ids, denied.client).set("imports", true)).rejects.toThrow("AccessDenied");
});
