import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { describe, expect, test } from "vitest";
import { createApiKeyCheck } from "../../lib/aws/api-key.ts";
import { VirtualClock } from "../support/memory/clock.ts";

/** Secrets Manager, as a middleware that answers before anything is sent. */
function world(secret: () => string | undefined) {
  const clock = new VirtualClock();
  const client = new SecretsManagerClient({ region: "us-east-1" });
  const asked: unknown[] = [];
  client.middlewareStack.add(
    () => async (call) => {
      asked.push(call.input);
      return { response: {}, output: { SecretString: secret(), $metadata: {} } };
    },
    { step: "initialize" },
  );
  return { clock, asked, check: createApiKeyCheck("dev", () => client, clock) };
}

describe("the stage's API key", () => {
  test("is compared with what is presented, and read once a minute however many try", async () => {
    const { check, asked, clock } = world(() => '{"apiKey":"a-key-of-this-stage","note":"ours"}');
    expect(await check("a-key-of-this-stage")).toBe(true);
    for (let guess = 0; guess < 50; guess++) expect(await check(`guess-${guess}`)).toBe(false);
    expect(asked).toEqual([{ SecretId: "sluice-dev/api" }]);
    clock.advance(60_000);
    await check("x");
    expect(asked).toHaveLength(2);
  });

  test("that was changed is known after a minute", async () => {
    let apiKey = "the-first-key-of-all";
    const { check, clock } = world(() => JSON.stringify({ apiKey }));
    expect(await check(apiKey)).toBe(true);
    apiKey = "the-second-key-of-all";
    clock.advance(60_000);
    expect([await check("the-first-key-of-all"), await check(apiKey)]).toEqual([false, true]);
  });

  test.each([undefined, "", "nonsense", "{}", '{"apiKey":""}', '{"apiKey":"short"}', '{"apiKey":7}', "null"])(
    "lets nobody in by a secret such as %s, and does not repeat it",
    async (secret) => {
      const { check } = world(() => secret);
      for (const presented of ["", "short", "undefined", "null"]) {
        await expect(check(presented)).rejects.toThrow(
          /^secret sluice-dev\/api: (is no JSON text|has no apiKey[^"]*); mend/,
        );
      }
    },
  );
});
