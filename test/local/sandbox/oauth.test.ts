import { createHash } from "node:crypto";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { startSandboxes } from "../../../lib/local/sandbox/run.ts";
import { sandbox } from "../../../lib/partners/quickbooks/sandbox.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { ManualClock } from "./support/manual-clock.ts";

const client = { clientId: "client-of-tests", clientSecret: "client-secret-of-tests" };
const redirectUri = "http://127.0.0.1:8787/api/v1/oauth/quickbooks/callback";
const realmId = "4620816365000001";
const verifier = "v".repeat(43);
const asked = {
  client_id: client.clientId,
  redirect_uri: redirectUri,
  response_type: "code",
  scope: "com.intuit.quickbooks.accounting",
  state: "a-state-that-is-long-enough",
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "S256",
};

const Tokens = z.object({ access_token: z.string(), refresh_token: z.string(), expires_in: z.number() });
type Tokens = z.infer<typeof Tokens>;
const Ledger = z.object({
  grants: z.array(z.object({ generation: z.number(), endedBy: z.string().nullable() })),
  events: z.array(z.object({ kind: z.string() })),
});

/** Intuit's stand-in with one company, and a client that does everything by hand. */
async function openServer(lives: object = {}) {
  const clock = new ManualClock();
  const running = await startSandboxes([sandbox], { dataDir: temporaryFolder(), clock });
  onTestFinished(() => running.stop());
  const address = running.addresses["quickbooks"] ?? "";
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${address}/__sandbox/${path}`, { method: "POST", body: JSON.stringify(body) });
  await post("oauth/app", { ...client, redirectUris: [redirectUri] });
  await post("oauth/lives", lives);
  await post("accounts", { realmId, verifierToken: "verifier-token-of-tests" });
  const form = (path: string, fields: Record<string, string>, secret: string | null = null): Promise<Response> =>
    fetch(`${address}${path}`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams(fields),
      ...(secret !== null && {
        headers: { authorization: `Basic ${Buffer.from(`${client.clientId}:${secret}`).toString("base64")}` },
      }),
    });
  const token = (fields: Record<string, string>, secret = client.clientSecret): Promise<Response> =>
    form("/oauth2/v1/tokens/bearer", fields, secret);
  const allow = async (): Promise<string> => {
    const answer = await form("/connect/oauth2", { ...asked, account: realmId, decision: "allow" });
    return new URL(answer.headers.get("location") ?? "").searchParams.get("code") ?? "";
  };
  const exchange = (code: string, more: object = {}): Promise<Response> =>
    token({ grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier, ...more });
  return {
    clock,
    token,
    allow,
    exchange,
    show: (over: object) =>
      fetch(`${address}/connect/oauth2?${new URLSearchParams({ ...asked, ...over }).toString()}`, {
        redirect: "manual",
      }),
    connect: async (): Promise<Tokens> => Tokens.parse(await (await exchange(await allow())).json()),
    refresh: (refresh_token: string) => token({ grant_type: "refresh_token", refresh_token }),
    call: async (access: string): Promise<number> => {
      const path = `/v3/company/${realmId}/query?query=${encodeURIComponent("select * from Customer")}`;
      return (await fetch(address + path, { headers: { authorization: `Bearer ${access}` } })).status;
    },
    revoke: async (text: string, secret = client.clientSecret): Promise<number> => {
      const basic = Buffer.from(`${client.clientId}:${secret}`).toString("base64");
      const headers = { authorization: `Basic ${basic}`, "content-type": "application/json" };
      const body = JSON.stringify({ token: text });
      return (await fetch(`${address}/v2/oauth2/tokens/revoke`, { method: "POST", headers, body })).status;
    },
    ledger: async () => Ledger.parse(await (await fetch(`${address}/__sandbox/oauth`)).json()),
  };
}

const told = async (answer: Response): Promise<string> => {
  const { error } = z.object({ error: z.string() }).parse(await answer.json());
  return `${answer.status} ${error}`;
};

test("a page asks for what was asked, and a yes is a code that is good once", async () => {
  const server = await openServer();
  const page = await (await server.show({})).text();
  expect([page.includes(realmId), page.includes(asked.scope), page.includes(client.clientId)]).toEqual([
    true,
    true,
    true,
  ]);
  const code = await server.allow();
  const tokens = Tokens.parse(await (await server.exchange(code)).json());
  expect(await server.call(tokens.access_token)).toBe(200);
  expect(await told(await server.exchange(code))).toBe("400 invalid_grant");
  // Somebody else may have had it first: nothing that it bought is good any more.
  expect(await server.call(tokens.access_token)).toBe(401);
  expect((await server.ledger()).grants).toMatchObject([{ endedBy: "code-reused" }]);
});

test("an address that is not registered letter by letter is not gone back to", async () => {
  const server = await openServer();
  for (const over of [
    { redirect_uri: `${redirectUri}/` },
    { redirect_uri: "https://elsewhere.example/" },
    { client_id: "x" },
  ]) {
    const answer = await server.show(over);
    expect([answer.status, answer.headers.get("location")]).toEqual([400, null]);
  }
  const wrong = [
    { code_challenge_method: "plain" },
    { code_challenge: "" },
    { state: "short" },
    { scope: "everything" },
    { response_type: "token" },
  ];
  for (const over of wrong) {
    const back = new URL((await server.show(over)).headers.get("location") ?? "");
    expect([back.origin + back.pathname, back.searchParams.has("error"), back.searchParams.has("code")]).toEqual([
      redirectUri,
      true,
      false,
    ]);
  }
});

test("a code is exchanged by whom it was given to, who began, in time", async () => {
  const server = await openServer({ codeSeconds: 60 });
  expect(await told(await server.exchange(await server.allow(), { code_verifier: "w".repeat(43) }))).toBe(
    "400 invalid_grant",
  );
  expect(await told(await server.exchange(await server.allow(), { redirect_uri: `${redirectUri}?x` }))).toBe(
    "400 invalid_grant",
  );
  const late = await server.allow();
  expect(await told(await server.token({ grant_type: "authorization_code", code: late }, "guessed"))).toBe(
    "401 invalid_client",
  );
  server.clock.advance(60_000);
  expect(await told(await server.exchange(late))).toBe("400 invalid_grant");
  expect((await server.ledger()).grants).toEqual([]);
});

test("a refresh token is good once; a second time it ends the grant, and all its tokens", async () => {
  const server = await openServer({ accessSeconds: 10 });
  const first = await server.connect();
  server.clock.advance(9_999);
  expect(await server.call(first.access_token)).toBe(200);
  server.clock.advance(1);
  expect(await server.call(first.access_token)).toBe(401);
  const second = Tokens.parse(await (await server.refresh(first.refresh_token)).json());
  expect(await server.call(second.access_token)).toBe(200);
  expect(await told(await server.refresh(first.refresh_token))).toBe("400 invalid_grant");
  expect(await server.call(second.access_token)).toBe(401);
  expect(await told(await server.refresh(second.refresh_token))).toBe("400 invalid_grant");
  const { events, grants } = await server.ledger();
  expect(events.map(({ kind }) => kind)).toEqual(["allowed", "exchange", "refresh", "refresh-reused"]);
  expect(grants).toMatchObject([{ generation: 2, endedBy: "refresh-reused" }]);
});

test("within a grace period it gets the same answer again, until that was used", async () => {
  const server = await openServer({ graceSeconds: 30 });
  const first = await server.connect();
  const second = Tokens.parse(await (await server.refresh(first.refresh_token)).json());
  server.clock.advance(29_999);
  expect(Tokens.parse(await (await server.refresh(first.refresh_token)).json())).toEqual(second);
  server.clock.advance(1);
  expect(await told(await server.refresh(first.refresh_token))).toBe("400 invalid_grant");

  const again = await server.connect();
  const next = Tokens.parse(await (await server.refresh(again.refresh_token)).json());
  await server.refresh(next.refresh_token);
  expect(await told(await server.refresh(again.refresh_token))).toBe("400 invalid_grant");
});

test("a token is given back by whom it was given to, as often as wanted", async () => {
  const server = await openServer();
  const tokens = await server.connect();
  expect(await server.revoke(tokens.refresh_token, "guessed")).toBe(401);
  expect(await server.call(tokens.access_token)).toBe(200);
  expect([await server.revoke(tokens.refresh_token), await server.revoke(tokens.refresh_token)]).toEqual([200, 200]);
  expect(await server.call(tokens.access_token)).toBe(401);
  expect((await server.ledger()).events.filter(({ kind }) => kind === "revoked")).toHaveLength(1);
});
