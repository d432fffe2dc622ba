import { join } from "node:path";
import * as z from "zod";
import type { World } from "../../../lib/local/world/open-world.ts";
import { findSecrets } from "../../../lib/local/world/secrets/find-secrets.ts";
import type { Leak } from "../../../lib/local/world/secrets/find-secrets.ts";
import { secretKinds } from "../../../lib/local/world/secrets/known-secrets.ts";
import { addStackCredentials } from "../../../lib/local/world/secrets/secret-watch.ts";
import type { SecretWatch } from "../../../lib/local/world/secrets/secret-watch.ts";
import type { ApiClient } from "../api-client.ts";
import { check } from "./report.ts";
import type { Check } from "./report.ts";

const MadeKey = z.object({ id: z.string(), key: z.string() });
const Anything = z.unknown();

/** What the run itself knows of secrets: what it connects with, what the functions run with, and a key of the API that it makes. */
export async function addRunsSecrets(watch: SecretWatch, world: World, api: ApiClient): Promise<void> {
  const { known } = watch;
  addStackCredentials(known, world.stack.model, world.stack.services);
  for (const { name, demo } of world.partners) {
    known.addFields("connection's credential", `${name}, demonstration`, demo.credential);
    known.add("webhook secret", `${name}, demonstration`, demo.webhookSecret);
  }
  const made = await api.send("POST", "/keys", { name: "smoke", role: "viewer", expiresInDays: 1 }, MadeKey);
  known.add("API key", "a key that was made", made.key);
  await api.get("/keys", Anything);
  await api.send("DELETE", `/keys/${made.id}`, undefined, Anything);
}

interface Searched {
  readonly dataDir: string;
  readonly seenDir: string;
  readonly say: (line: string) => void;
}

/**
 * Looks for every secret that the run met in all that was said meanwhile (logs, messages, items, events, answers, our own
 * lines), and then in the files that are left, in case something went another way. The stack has to be stopped.
 */
export function judgeSecrets(watch: SecretWatch, { dataDir, seenDir, say }: Searched): readonly Check[] {
  watch.seen.close();
  const { shut } = watch.learner.openSealed();
  const secrets = watch.known.all();
  const { leaks, filesRead, bytesRead } = findSecrets(secrets, [
    { folder: seenDir },
    // Secrets Manager's and KMS's own store.
    { folder: join(dataDir, "stack"), except: (path) => path.startsWith("documents.db") },
    { folder: join(dataDir, "cdk.out") },
  ]);
  say(`${secrets.length} secrets looked for in ${filesRead} files, ${Math.round(bytesRead / 1_000_000)} MB`);
  const missing = secretKinds.filter((kind) => watch.known.countOf(kind) === 0);
  return [
    check("secrets in logs, messages, tables, answers", 0, leaks.length, leaks.map(describe)),
    check("kinds of secrets looked for", secretKinds.length, secretKinds.length - missing.length, missing),
    check("sealed things that did not open", 0, shut.length, shut),
    check("texts that were not looked through", 0, watch.seen.dropped),
  ];
}

function describe({ secret, form, file, atByte }: Leak): string {
  return `${secret.kind} (${secret.name}), ${form}, in ${file} at byte ${atByte}`;
}
