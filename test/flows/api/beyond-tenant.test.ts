import { expect, test } from "vitest";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { leaflink } from "../../../lib/partners/leaflink/driver.ts";
import { stripe } from "../../../lib/partners/stripe/driver.ts";
import { gamma, gammaApp } from "../support/gamma.ts";
import { apiPorts, errorsOf, TestApi } from "./support/api.ts";
import type { Answer } from "./support/api.ts";

const mine = "tenant-of-the-key";
const oauth: PartnerDriver = { ...gamma, stageSettings: ["keyOwner"] };
const partners = [stripe, leaflink, oauth];

const bodies = {
  stripe: { partner: "stripe", tenantId: mine, name: "Shop", credential: { apiKey: "sk_test_platform" } },
  leaflink: { partner: "leaflink", tenantId: mine, name: "Farm", credential: { apiKey: "a".repeat(32) } },
};

interface World {
  readonly api: TestApi;
  /** An operator's key that is bound to the tenant. */
  readonly key: string;
}

async function world(): Promise<World> {
  const secret = { connectionKey: "connection-key", webhookSecrets: [], app: gammaApp };
  const secrets = { stripe: secret, leaflink: secret, gamma: secret };
  const api = new TestApi(apiPorts({ partners, secrets }));
  return { api, key: (await api.makeKey("operator", mine)).key };
}

/** A connection of the tenant's that calls with the platform's key for one of its accounts, made by whoever may. */
async function onPlatform(api: TestApi): Promise<string> {
  return api.connect({ ...bodies.stripe, account: "acct_1", settings: { key: "platform", region: "eu" } });
}

const outcomeOf = (answer: Answer) => [answer.status, ...errorsOf(answer)];
const refused = (field: string) => [403, `tenant-bound-key ${field}`];

test("a bound key takes no account by its id, and hears the same of one that is taken and of one that is not", async () => {
  const { api, key } = await world();
  await api.connect({ ...bodies.stripe, tenantId: "somebody-else", account: "acct_theirs" });
  const before = JSON.stringify([api.ports.connections.all(), api.ports.audit.entries]);
  const ask = (account: string) => api.call("POST", "/connections", { key, body: { ...bodies.stripe, account } });
  const [taken, free] = [await ask("acct_theirs"), await ask("acct_of_nobody")];
  expect([outcomeOf(taken), outcomeOf(free)]).toEqual([refused("account"), refused("account")]);
  expect(taken.envelope).toEqual(free.envelope);
  expect(JSON.stringify([api.ports.connections.all(), api.ports.audit.entries])).toBe(before);
  // Without it the tenant has a connection with an address of its own.
  expect((await api.call("POST", "/connections", { key, body: bodies.stripe })).status).toBe(201);
});

test.each([
  ["stripe", "key", "platform"],
  ["stripe", "key", "own"],
  ["leaflink", "keyOwner", "user-of-somebody-else"],
] as const)("%s: a bound key does not say %s", async (partner, name, value) => {
  const { api, key } = await world();
  const body = { ...bodies[partner], settings: { [name]: value } };
  expect(outcomeOf(await api.call("POST", "/connections", { key, body }))).toEqual(refused(`settings.${name}`));
  expect(api.ports.connections.all()).toEqual([]);
  expect((await api.call("POST", "/connections", { body })).status).toBe(201);
});

test("nor does it where a person authorises", async () => {
  const { api, key } = await world();
  const body = { partner: "gamma", tenantId: mine, name: "Gamma", settings: { keyOwner: "u7" } };
  const asked = await api.call("POST", "/connections/authorize", { key, body });
  expect(outcomeOf(asked)).toEqual(refused("settings.keyOwner"));
  expect((await api.call("POST", "/connections/authorize", { body })).status).toBe(201);
});

test.each([{}, { key: "platform" }])("settings that are replaced by %j leave whose key it is", async (settings) => {
  const { api, key } = await world();
  const id = await onPlatform(api);
  const answer = await api.call("PATCH", `/connections/${id}`, { key, body: { settings } });
  expect([answer.status, answer.data["settings"]]).toEqual([200, { key: "platform" }]);
  const stored = await api.ports.connections.read("stripe", id);
  // Or the platform's own things would come, and be taken for the account's.
  expect(stored && stripe.headersFor?.(stored)).toEqual({ "Stripe-Account": "acct_1" });
});

test("a bound key does not change whose key it is; one of no tenant does, and by itself nothing does", async () => {
  const { api, key } = await world();
  const id = await onPlatform(api);
  const change = (options: { key?: string; settings: Readonly<Record<string, string>> }) =>
    api.call("PATCH", `/connections/${id}`, { ...options, body: { settings: options.settings } });
  expect(outcomeOf(await change({ key, settings: { key: "own" } }))).toEqual(refused("settings.key"));
  expect((await change({ settings: { region: "us" } })).data["settings"]).toEqual({ region: "us", key: "platform" });
  expect((await change({ settings: { key: "own" } })).data["settings"]).toEqual({ key: "own" });
  expect(api.ports.audit.entries.at(-1)?.detail).toMatchObject({ fields: "settings,stageSettings" });
});

test("a bound key puts no key of its own where the platform's is: its calls would use up what all accounts share", async () => {
  const { api, key } = await world();
  const id = await onPlatform(api);
  const body = { credential: { apiKey: "sk_test_ones_own" } };
  const put = await api.call("PATCH", `/connections/${id}`, { key, body });
  const tried = await api.call("POST", `/connections/${id}/credential`, { key, body });
  expect([outcomeOf(put), outcomeOf(tried)]).toEqual([refused("credential"), refused("credential")]);
  const owner = { partner: "stripe", connectionId: id };
  expect(await api.ports.credentials.read(owner)).toMatchObject({ fields: { apiKey: "sk_test_platform" } });
  const own = String((await api.call("POST", "/connections", { key, body: bodies.stripe })).data["id"]);
  expect((await api.call("PATCH", `/connections/${own}`, { key, body })).status).toBe(200);
});
