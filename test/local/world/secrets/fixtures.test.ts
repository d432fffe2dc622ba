import { join } from "node:path";
import { expect, test } from "vitest";
import { findSandboxes } from "../../../../lib/local/world/find-sandboxes.ts";
import { findSecrets } from "../../../../lib/local/world/secrets/find-secrets.ts";
import { KnownSecrets } from "../../../../lib/local/world/secrets/known-secrets.ts";

const root = join(import.meta.dirname, "../../../..");

test("no fixture, cassette or docs page holds a secret of the demonstrations, in any form", async () => {
  const known = new KnownSecrets();
  for (const { name, demo } of await findSandboxes()) {
    known.addFields("connection's credential", name, demo.credential);
    known.add("webhook secret", name, demo.webhookSecret);
  }
  expect(known.all().length).toBeGreaterThan(4);
  const fixturesOnly = (path: string): boolean => !path.includes("/fixtures/");
  const { leaks, filesRead } = findSecrets(known.all(), [
    { folder: join(root, "test/partners"), except: fixturesOnly },
    { folder: join(root, "test/fixtures") },
    { folder: join(root, "docs") },
  ]);
  expect(filesRead).toBeGreaterThan(30);
  expect(leaks).toEqual([]);
});
