import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createApiClient } from "../../bin/commands/api-client.ts";
import { ConnectionDetail, RecordView } from "../../bin/commands/api-shapes.ts";
import { localStage, synthesise } from "../../bin/commands/synthesise.ts";
import { apiSecretNameFor } from "../../lib/engine/names.ts";
import { startLocalStack } from "../../lib/local/stack.ts";
import { readApiKey } from "../../lib/local/world/read-api-key.ts";
import { waitUntil } from "../local/support/wait.ts";
import { projectCopy } from "./new-partner-copy.ts";
import { credential, scaffoldShop, signed, standIn, stay, webhookSecret } from "./new-partner-stand-in.ts";

const configuration = `import { defineConfig, shop } from "./lib/index.ts";

export default defineConfig({ partners: [shop], stages: { dev: { kind: "dev" } } });
`;

test("a partner scaffolded from nothing runs on the whole stack: connected, imported, told of changes", async () => {
  const things = new Map<string, object>(["1", "2", "3", "4", "5"].map((id) => stay(id, "confirmed")));
  const server = await standIn(things);
  const root = projectCopy(["lambdas", "cdk.json"]);
  await scaffoldShop(root);
  writeFileSync(join(root, "sluice.config.ts"), configuration);
  const cdkOutDir = join(root, "cdk.out");
  await synthesise(root, cdkOutDir);
  const stack = await startLocalStack({
    cdkOutDir,
    dataDir: join(root, "data"),
    httpPort: 0,
    extraEnvironment: { SLUICE_SANDBOX_HOSTS: JSON.stringify({ "api.shop.example": server.url }) },
  });
  onTestFinished(() => stack.stop());
  const api = createApiClient(stack.url, await readApiKey(stack.services, apiSecretNameFor(localStage)));
  const wanted = { partner: "shop", tenantId: "tenant-1", name: "Shop", credential, webhookSecret };
  const connection = await api.send("POST", "/connections", wanted, ConnectionDetail);
  const statuses = async () => {
    const records = await api.list(`/connections/${connection.id}/records/stays`, RecordView);
    return records.map(({ externalId, version, data }) => `${externalId} ${version} ${String(data["status"])}`);
  };
  const imported = ["1", "2", "3", "4", "5"].map((id) => `${id} 1 confirmed`);
  await waitUntil("the import", async () => (await statuses()).length === imported.length, 60_000);
  expect(await statuses()).toEqual(imported);

  things.set(...stay("3", "cancelled"));
  const body = JSON.stringify({ id: "evt_1", type: "reservation.updated", data: { id: "3" } });
  const taken = await fetch(stack.url + connection.webhookPath, {
    method: "POST",
    headers: { "content-type": "application/json", ...signed(body, Date.now()) },
    body,
  });
  expect(taken.status).toBe(202);
  await waitUntil("the webhook's record", async () => (await statuses()).includes("3 2 cancelled"), 30_000);
  expect(server.calls.filter((call) => call.startsWith("POST"))).toEqual(["POST /oauth/token"]);
}, 180_000);
