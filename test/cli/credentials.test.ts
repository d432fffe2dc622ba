import { expect, test } from "vitest";
import { credentialsCommand } from "../../bin/commands/credentials.ts";
import { openCli } from "./support/api-server.ts";

test("credentials re-encrypt goes through all pages, and says what it moved", async () => {
  const world = await openCli();
  for (let index = 0; index < 120; index++) await world.api.connect({ account: `acct-${index}` });
  await world.api.connect({ partner: "beta", credential: { token: "beta-token-1", region: "eu" } });
  world.api.ports.credentials.key = "the-second-key";
  const moved = await world.run(credentialsCommand, "re-encrypt", "--partner", "acme");
  expect(moved.code).toBe(0);
  expect(moved.out).toContain("120 connections: 120 moved to the stage's key, 0 were under it");
  expect(world.requests.filter((request) => request.startsWith("POST"))).toHaveLength(2);
  expect(await world.json(credentialsCommand, "re-encrypt")).toMatchObject({ looked: 121, renewed: 1, current: 120 });
});

test("credentials re-encrypt names what KMS refuses, says what to do, and exits 1", async () => {
  const world = await openCli();
  const id = await world.api.connect();
  Object.assign(world.api.apiPorts.seals, { renew: async () => ({ kind: "refused", reason: "DisabledException" }) });
  const refused = await world.run(credentialsCommand, "re-encrypt");
  expect(refused.code).toBe(1);
  expect(refused.out).toContain(`${id}: KMS refused (DisabledException)`);
  expect(refused.out).toContain("formerKmsKeyArns");
  await expect(world.run(credentialsCommand, "nonsense")).rejects.toThrow("re-encrypt");
});
