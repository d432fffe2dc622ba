import { expect, test } from "vitest";
import { UsageError } from "../../bin/commands/usage-error.ts";
import { webhooksCommand } from "../../bin/commands/webhooks.ts";
import { openCli } from "./support/api-server.ts";

test("webhooks are shown and asked for", async () => {
  const cli = await openCli();
  const id = await cli.api.connect();
  const before = await cli.run(webhooksCommand, "acme");
  expect([before.code, before.out]).toEqual([0, `${id}  none\nNothing is registered; --ensure does it.\n`]);
  const asked = await cli.run(webhooksCommand, id, "--ensure");
  expect(asked.out).toContain(
    `${id}  registering\nWebhooks go to https://api.example.com/webhooks/acme/${id}\n2 kinds of events\n`,
  );
  expect(cli.requests.at(-1)).toBe(`POST /api/v1/connections/${id}/webhooks`);
  expect(await cli.json(webhooksCommand, id)).toMatchObject({ status: "registering", subscriptionId: null });
});

test("webhooks that a person registers are said to be so", async () => {
  const cli = await openCli();
  const id = await cli.api.connect({ partner: "beta", credential: { token: "beta-1", region: "eu" } });
  expect((await cli.run(webhooksCommand, id)).out).toContain("registered by a person");
  await expect(cli.run(webhooksCommand, id, "--ensure")).rejects.toThrow("not registered for this connection");
});

test("webhooks are of one connection", async () => {
  const cli = await openCli();
  await expect(cli.run(webhooksCommand)).rejects.toThrow(UsageError);
});
