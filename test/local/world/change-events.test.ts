import { join } from "node:path";
import { expect, test } from "vitest";
import { createApiClient } from "../../../bin/commands/api-client.ts";
import { changeAtPartner, connectDemo } from "../../../bin/commands/connect-demo.ts";
import { openWorld } from "../../../lib/local/world/open-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";
import { ChangeReader, synthesiseWithQueue } from "./change-reader.ts";
import { checkUserTokens } from "./user-tokens.ts";

test("an application's queue gets each change of a partner's records, once an id", { timeout: 180_000 }, async () => {
  const folder = temporaryFolder();
  const cdkOutDir = join(folder, "cdk.out");
  synthesiseWithQueue(cdkOutDir);
  const world = await openWorld({
    cdkOutDir,
    stage: "local",
    dataDir: join(folder, "data"),
    port: 0,
    sandboxes: true,
  });
  try {
    const partner = world.partners.find((each) => each.name === "stripe");
    if (partner === undefined) throw new Error("no sandbox of Stripe");
    const api = createApiClient(world.stack.url, world.apiKey);
    const { connectionId } = await connectDemo(world, api, partner, "demo");
    await checkUserTokens(world);
    const reader = await ChangeReader.open(world);
    const { seen } = reader;
    const [change] = await changeAtPartner(partner, { type: "create", count: 1 });
    const expected = `stripe#${connectionId}#${change?.resource ?? ""}`;
    await waitUntil(
      "the event of the change",
      async () => {
        await reader.drain();
        return [...seen.keys()].some((id) => id.startsWith(expected));
      },
      90_000,
    );
    const told = JSON.stringify([...seen.values()]);
    expect(told).toContain(`"connectionId":"${connectionId}","tenantId":"demo"`);
    const types = [...seen.values()].map(({ type }) => type);
    expect(types).toContain("connection.created");
    const created = [...seen.values()].find(({ id }) => id.startsWith(expected));
    expect(created).toMatchObject({ type: "record.created", detail: { partner: "stripe", connectionId, version: 1 } });
  } finally {
    await world.stop();
  }
});
