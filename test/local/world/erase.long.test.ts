import { createHmac, randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { createApiClient } from "../../../bin/commands/api-client.ts";
import type { ApiClient } from "../../../bin/commands/api-client.ts";
import { ConnectionDetail, RecordView } from "../../../bin/commands/api-shapes.ts";
import { changeAtPartner } from "../../../bin/commands/connect-demo.ts";
import { eraseCommand } from "../../../bin/commands/erase.ts";
import { synthesise } from "../../../bin/commands/synthesise.ts";
import { openWorld } from "../../../lib/local/world/open-world.ts";
import type { PlayPartner, World } from "../../../lib/local/world/open-world.ts";
import { findBytes } from "../support/find-bytes.ts";
import type { FoundWord } from "../support/find-bytes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = join(import.meta.dirname, "../../..");
const Anything = z.unknown();

interface Customer {
  readonly connectionId: string;
  readonly webhookPath: string;
  readonly key: string;
  readonly partner: PlayPartner;
}

async function customerOf(world: World, api: ApiClient, tenantId: string): Promise<Customer> {
  const stripe = world.partners.find(({ name }) => name === "stripe");
  if (stripe === undefined) throw new Error("no sandbox of Stripe");
  const key = `sk_test_of${tenantId.replaceAll("-", "")}`;
  const account = { ...stripe.demo.account("smoke"), key, seed: { charges: 30, paymentIntents: 40, customers: 40 } };
  const partner = { ...stripe, demo: { ...stripe.demo, accountKey: { key } } };
  await partner.client.control("POST", "accounts", account, Anything);
  const { webhookSecret } = stripe.demo;
  const body = { partner: "stripe", tenantId, name: `Shop of ${tenantId}`, credential: { apiKey: key }, webhookSecret };
  const connection = await api.send("POST", "/connections", body, ConnectionDetail);
  const webhookUrl = world.stack.url + connection.webhookPath;
  await partner.client.control("POST", "accounts", { ...account, webhookUrl }, Anything);
  return { connectionId: connection.id, webhookPath: connection.webhookPath, key, partner };
}

/** A payload that is too large for a queue, so that the bucket has it, and one that no driver can read, so that it is kept as a failure. */
async function sendWebhooks(world: World, { partner, webhookPath }: Customer, words: Words): Promise<void> {
  const large = { id: words.claimed, note: randomBytes(250_000).toString("hex") };
  const bodies = [
    { id: "evt_large", object: "event", type: "charge.updated", data: { object: large } },
    { id: "evt_unreadable", object: "event", type: "charge.updated", data: { object: { id: 7, email: words.failed } } },
  ];
  for (const body of bodies) {
    const text = JSON.stringify(body);
    const seconds = Math.floor(Date.now() / 1_000);
    const signature = createHmac("sha256", partner.demo.webhookSecret).update(`${seconds}.${text}`).digest("hex");
    const headers = { "content-type": "application/json", "stripe-signature": `t=${seconds},v1=${signature}` };
    const answer = await fetch(world.stack.url + webhookPath, { method: "POST", headers, body: text });
    expect(answer.status).toBe(202);
  }
}

interface Words {
  readonly claimed: string;
  readonly failed: string;
}

/** A record of more than 4 KB is kept compressed. */
async function growCustomer({ partner, key }: Customer, id: string, word: string): Promise<void> {
  const fields = new URLSearchParams();
  for (let number = 0; number < 20; number++) fields.set(`metadata[note-${number}]`, `${word} ${"x".repeat(300)}`);
  const answer = await fetch(`${partner.client.address}/v1/customers/${id}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/x-www-form-urlencoded" },
    body: fields,
  });
  expect(answer.status).toBe(200);
}

const resources = ["customers", "charges", "paymentIntents"];

/** Ids, e-mail addresses, names. */
async function wordsOf(api: ApiClient, { connectionId }: Customer): Promise<readonly string[]> {
  const words = new Set<string>();
  for (const resource of resources) {
    for (const { externalId, data } of await api.list(`/connections/${connectionId}/records/${resource}`, RecordView)) {
      words.add(externalId);
      for (const value of [data["email"], data["name"]]) if (typeof value === "string") words.add(value);
    }
  }
  return [...words];
}

/** One line a file and word. */
function linesOf(found: readonly FoundWord[]): readonly string[] {
  return found.map(({ file, word, as }) => `${file}: ${word} (${as})`);
}

test("a tenant that was erased is nowhere in the stack's files, byte for byte", async () => {
  const folder = temporaryFolder();
  const cdkOutDir = join(folder, "cdk.out");
  await synthesise(root, cdkOutDir);
  const dataDir = join(folder, "data");
  const world = await openWorld({ cdkOutDir, stage: "local", dataDir, port: 0, sandboxes: true });
  onTestFinished(() => world.stop());
  const api = createApiClient(world.stack.url, world.apiKey);
  const mine = await customerOf(world, api, "tenant-to-forget");
  const other = await customerOf(world, api, "tenant-that-stays");
  await world.fireSchedules();
  await world.stack.idle();
  for (const type of ["update", "create", "delete"] as const)
    for (const { partner } of [mine, other]) await changeAtPartner(partner, { type, count: 5 });
  const [grown] = await api.list(`/connections/${mine.connectionId}/records/customers`, RecordView, 1);
  const own = { claimed: "ch_of_the_large_one", failed: "ada@unreadable.example.com", packed: "a word that is packed" };
  await growCustomer(mine, grown?.externalId ?? "", own.packed);
  await sendWebhooks(world, mine, own);
  const bound = { name: "dashboard of the forgotten", role: "viewer", tenantId: "tenant-to-forget" };
  await api.send("POST", "/keys", bound, Anything);
  await world.stack.idle();

  // Both accounts have customers of the same names: what is the other's too must stay.
  const others = await wordsOf(api, other);
  const shared = new Set(others);
  const words = [...(await wordsOf(api, mine)), ...Object.values(own), "tenant-to-forget", bound.name];
  const erased = words.filter((word) => !shared.has(word));
  expect(erased.length).toBeGreaterThan(100);
  const before = findBytes(dataDir, [...erased, mine.connectionId]);
  expect(new Set(before.map(({ word }) => word))).toEqual(new Set([...erased, mine.connectionId]));
  expect(before.map(({ as }) => as)).toContain("gzip in base64, text");

  const said = { url: world.stack.url, key: world.apiKey, yes: true };
  // A person first, whom a failure's payload alone names; verifying counts the connection, which is still there.
  expect(await eraseCommand.run({ ...said, tenant: "tenant-to-forget" }, ["person", own.failed])).toBe(0);
  expect(await eraseCommand.run(said, ["verify", mine.connectionId])).toBe(1);
  expect(linesOf(findBytes(dataDir, [own.failed]))).toEqual([]);
  expect(await eraseCommand.run(said, ["tenant", "tenant-to-forget"])).toBe(0);
  // While it runs, and when it has been stopped.
  expect(linesOf(findBytes(dataDir, erased))).toEqual([]);
  const left = await wordsOf(api, other);
  expect(left.toSorted()).toEqual(others.toSorted());
  await world.stop();
  expect(linesOf(findBytes(dataDir, erased))).toEqual([]);
  // Its id, ours and random, is in the mark that knows it as erased, in the audit log, and perhaps in functions' logs.
  const files = findBytes(dataDir, [mine.connectionId]).map(({ file }) => file);
  expect(files.filter((file) => !/^stack\/(tables|logs)\//.test(file))).toEqual([]);
  expect(new Set(findBytes(dataDir, others).map(({ word }) => word))).toEqual(new Set(others));
});
