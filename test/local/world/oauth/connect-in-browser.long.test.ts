import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { createApiClient } from "../../../../bin/commands/api-client.ts";
import type { ApiClient } from "../../../../bin/commands/api-client.ts";
import { compareRecords } from "../../../../bin/commands/smoke/compare-records.ts";
import { localStage, synthesise } from "../../../../bin/commands/synthesise.ts";
import { openWorld } from "../../../../lib/local/world/open-world.ts";
import type { PlayPartner, World } from "../../../../lib/local/world/open-world.ts";
import { openPage } from "../../support/browser.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { waitUntil } from "../../support/wait.ts";

const root = join(import.meta.dirname, "../../../..");
const harbour = "4620816365000001";
const hill = "4620816365000002";
/** As `Retry-After` asks of whoever deletes. */
const askEveryMs = 2_000;
const asksMax = 60;
const Anything = z.unknown();
const Begun = z.object({ url: z.string(), attemptId: z.string() });
const Attempt = z.object({ connectionId: z.string().nullable(), error: z.object({ code: z.string() }).nullable() });
const Connection = z.object({ status: z.string(), account: z.string() });
const Removed = z.object({ removed: z.boolean() });
const Ledger = z.object({
  events: z.array(z.object({ kind: z.string() })),
  grants: z.array(z.object({ account: z.string(), endedBy: z.string().nullable() })),
});

test("a person connects QuickBooks in a browser, says no, comes late, and takes another company by mistake", async () => {
  const folder = temporaryFolder();
  const cdkOutDir = join(folder, "cdk.out");
  await synthesise(root, cdkOutDir);
  const world = await openWorld({
    cdkOutDir,
    stage: localStage,
    dataDir: join(folder, "data"),
    port: 0,
    sandboxes: true,
  });
  onTestFinished(() => world.stop());
  const api = createApiClient(world.stack.url, world.apiKey);
  const partner = await openCompanies(world);
  const page = await openPage();

  const { url, attemptId } = await begin(api);
  await page.goto(url);
  expect(await page.textContent("main")).toContain("com.intuit.quickbooks.accounting");
  await photograph(page, "consent");
  await decide(page, harbour, "allow");
  await page.getByRole("heading", { name: "Connected", exact: true }).waitFor();
  expect(await page.textContent("main")).toContain("QuickBooks Online is connected, and its first import begins.");
  await photograph(page, "connected");
  // The same address once more, in another window: it does nothing, and nothing ends by it.
  await page.reload();
  expect(await page.textContent("h1")).toBe("Connected");

  const { connectionId } = await api.get(`/credential-attempts/quickbooks/${attemptId}`, Attempt);
  if (connectionId === null) throw new Error("no connection");
  expect(await api.get(`/connections/${connectionId}`, Connection)).toEqual({ status: "active", account: harbour });
  await world.stack.idle();
  const checks = await compareRecords(api, partner, connectionId);
  expect(checks.filter(({ agrees }) => !agrees)).toEqual([]);
  expect(checks.find(({ what }) => what === "invoices: live")?.got).toBe(110);

  await saysNo(page, api);
  await takesAnother(page, api, connectionId);
  await comesBackWithAStrangersState(page, world);
  expect(await api.get(`/connections/${connectionId}`, Connection)).toEqual({ status: "active", account: harbour });
  const { events, grants } = await partner.client.control("GET", "oauth", undefined, Ledger);
  const count = (kind: string): number => events.filter((event) => event.kind === kind).length;
  expect([count("allowed"), count("exchange"), count("denied"), count("code-reused")]).toEqual([2, 2, 1, 0]);
  expect(grants).toMatchObject([{ account: harbour, endedBy: null }, { account: hill }]);
  await disconnect(api, partner, connectionId);
});

/** The partner is told to forget us, too. */
async function disconnect(api: ApiClient, partner: PlayPartner, connectionId: string): Promise<void> {
  let isRemoved = false;
  for (let asked = 0; asked < asksMax && !isRemoved; asked++) {
    if (asked > 0) await sleep(askEveryMs);
    isRemoved = (await api.send("DELETE", `/connections/${connectionId}`, undefined, Removed)).removed;
  }
  expect(isRemoved).toBe(true);
  const { grants } = await partner.client.control("GET", "oauth", undefined, Ledger);
  expect(grants.find(({ account }) => account === harbour)?.endedBy).toBe("revoked");
}

/** Two companies of one person, small enough to be imported in seconds. */
async function openCompanies({ partners }: World): Promise<PlayPartner> {
  const partner = partners.find(({ name }) => name === "quickbooks");
  if (partner === undefined) throw new Error("no sandbox of QuickBooks");
  await partner.client.control("POST", "accounts", partner.demo.account("smoke"), Anything);
  const second = { realmId: hill, name: "Hill Books", verifierToken: "another-verifier-token-for-tests" };
  await partner.client.control("POST", "accounts", second, Anything);
  return partner;
}

function begin(api: ApiClient, connectionId: string | null = null): Promise<z.infer<typeof Begun>> {
  if (connectionId !== null) return api.send("POST", `/connections/${connectionId}/authorize`, {}, Begun);
  const wanted = { partner: "quickbooks", tenantId: "tenant-1", name: "Harbour Books" };
  return api.send("POST", "/connections/authorize", wanted, Begun);
}

async function decide(page: Page, company: string, decision: "allow" | "deny"): Promise<void> {
  await page.check(`input[value="${company}"]`);
  await page.click(`button[value="${decision}"]`);
}

async function saysNo(page: Page, api: ApiClient): Promise<void> {
  const { url, attemptId } = await begin(api);
  await page.goto(url);
  await decide(page, harbour, "deny");
  expect(await page.textContent("h1")).toBe("Not connected");
  expect(await page.textContent("main")).toContain("QuickBooks Online was not authorised, and nothing was changed.");
  await photograph(page, "denied");
  const { error } = await api.get(`/credential-attempts/quickbooks/${attemptId}`, Attempt);
  expect(error?.code).toBe("denied");
}

/** The connection is to be authorised again, and the person chooses another company: it stays what it was. */
async function takesAnother(page: Page, api: ApiClient, connectionId: string): Promise<void> {
  const { url, attemptId } = await begin(api, connectionId);
  await page.goto(url);
  await decide(page, hill, "allow");
  await page.getByRole("heading", { name: "Not connected" }).waitFor();
  expect(await page.textContent("main")).toContain("that is another account than this connection's");
  await photograph(page, "other-account");
  await waitUntil("the attempt to end", async () => {
    const { error } = await api.get(`/credential-attempts/quickbooks/${attemptId}`, Attempt);
    return error?.code === "other-account";
  });
}

async function comesBackWithAStrangersState(page: Page, { stack }: World): Promise<void> {
  const answer = await page.goto(
    `${stack.url}/api/v1/oauth/quickbooks/callback?state=nobody&code=none&realmId=${harbour}`,
  );
  expect(answer?.status()).toBe(400);
  expect(await page.textContent("main")).toContain("Begin again where you came from");
}

/** For whoever wants to see the pages: SLUICE_PHOTOGRAPHS names a folder. */
async function photograph(page: Page, name: string): Promise<void> {
  const folder = process.env["SLUICE_PHOTOGRAPHS"];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`) });
}
