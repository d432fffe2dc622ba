import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { createApiClient } from "../../../bin/commands/api-client.ts";
import { connectDemo } from "../../../bin/commands/connect-demo.ts";
import { openWorld } from "../../../lib/local/world/open-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";
import { synthesiseInto } from "./world-process.ts";

const Statement = z.looseObject({ Action: z.array(z.string()), Resource: z.unknown() });

/** Takes one action on a table out of every policy of the partner's stack, as somebody who forgot to grant it. */
function withoutGrant(cdkOutDir: string, action: string, table: string): number {
  const file = join(cdkOutDir, "Sluice-local-Partner-stripe.template.json");
  let taken = 0;
  const template: unknown = JSON.parse(readFileSync(file, "utf8"), (_key, value: unknown) => {
    const statement = Statement.safeParse(value).data;
    if (!statement?.Action.includes(action) || !JSON.stringify(statement.Resource).includes(table)) return value;
    taken++;
    return { ...statement, Action: statement.Action.filter((each) => each !== action) };
  });
  writeFileSync(file, JSON.stringify(template));
  return taken;
}

test(
  "a grant that is missing is denied on the laptop, and the log names the action",
  { timeout: 180_000 },
  async () => {
    const folder = temporaryFolder();
    const cdkOutDir = join(folder, "cdk.out");
    await synthesiseInto(cdkOutDir);
    expect(withoutGrant(cdkOutDir, "dynamodb:PutItem", "sluice-local-records")).toBeGreaterThan(0);
    const dataDir = join(folder, "data");
    const world = await openWorld({ cdkOutDir, stage: "local", dataDir, port: 0, sandboxes: true });
    try {
      const partner = world.partners.find((each) => each.name === "stripe");
      if (partner === undefined) throw new Error("no sandbox of Stripe");
      await connectDemo(world, createApiClient(world.stack.url, world.apiKey), partner, "smoke");
      await world.fireSchedules();
      const log = join(dataDir, "stack/logs/sluice-local-stripe-consume-imports.log");
      const denial = /is not authorized to perform: dynamodb:PutItem on resource: \S*sluice-local-records/;
      await waitUntil("the denial", () => readdirSync(join(log, "..")).length > 0 && denial.test(read(log)), 60_000);
      expect(read(log)).toMatch(/assumed-role\/\S*ConsumeImports/);
    } finally {
      await world.stop();
    }
  },
);

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Made by the function's first line.
    return "";
  }
}
