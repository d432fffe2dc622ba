import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { createApiClient } from "../../../bin/commands/api-client.ts";
import type { ApiClient } from "../../../bin/commands/api-client.ts";
import { RunView } from "../../../bin/commands/api-shapes.ts";
import { changeAtPartner, connectDemo } from "../../../bin/commands/connect-demo.ts";
import type { DemoChange } from "../../../bin/commands/connect-demo.ts";
import { compareRecords } from "../../../bin/commands/smoke/compare-records.ts";
import { openWorld } from "../../../lib/local/world/open-world.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { waitUntil } from "../support/wait.ts";
import { ChangeReader, synthesiseWithQueue } from "./change-reader.ts";

const waitMsMax = 180_000;
const State = z.object({ version: z.number() });
const History = z.object({ items: z.array(State) });

/** A thing's versions as its record and its history have them: each once, and no other. */
async function versionsOf(
  api: ApiClient,
  connectionId: string,
  { resource, id }: DemoChange,
): Promise<readonly number[]> {
  const place = `${resource}/${encodeURIComponent(id)}`;
  const { version } = await api.get(`/connections/${connectionId}/records/${place}`, State);
  const { items } = await api.get(`/connections/${connectionId}/history/${place}?limit=100`, History);
  const versions = Array.from({ length: version }, (_, index) => index + 1);
  expect(items.map((state) => state.version).toSorted((one, other) => one - other)).toEqual(versions);
  return versions;
}

test(
  "what changes while an import passes over it ends right; its history and its events show each change once",
  { timeout: 600_000 },
  async () => {
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
      const runs = () => api.list(`/connections/${connectionId}/runs`, RunView);
      const isUnderWay = async () =>
        (await runs()).some(({ status, progress }) => status === "active" && progress.pages > 0);
      await waitUntil("an import in the middle of its list", isUnderWay, waitMsMax);
      const changes = [...(await changeAtPartner(partner, { type: "update", count: 20 }))];
      expect(await isUnderWay()).toBe(true);
      const haveEnded = async () => (await runs()).every(({ status }) => status !== "active");
      await waitUntil("the imports", haveEnded, waitMsMax);
      await world.stack.idle(waitMsMax);

      const checks = await compareRecords(api, partner, connectionId);
      expect(checks.filter(({ agrees }) => !agrees)).toEqual([]);
      const things = [...new Map(changes.map((change) => [`${change.resource}/${change.id}`, change])).values()];
      const expected: string[] = [];
      for (const thing of things) {
        const versions = await versionsOf(api, connectionId, thing);
        expected.push(...versions.map((each) => ["stripe", connectionId, thing.resource, thing.id, each].join("#")));
      }
      const reader = await ChangeReader.open(world);
      const isTold = () => expected.every((id) => reader.seen.has(id));
      await waitUntil("the events of the changes", async () => !(await reader.drain()) && isTold(), waitMsMax);
      const prefixes = things.map(({ resource, id }) => ["stripe", connectionId, resource, id, ""].join("#"));
      const told = [...reader.seen.keys()].filter((id) => prefixes.some((prefix) => id.startsWith(prefix)));
      expect(told.toSorted()).toEqual(expected.toSorted());
    } finally {
      await world.stop();
    }
  },
);
