import { describe, expect, test } from "vitest";
import { handleApi } from "../../lib/flows/api/handle-api.ts";
import type { MemoryPorts } from "../support/memory-ports.ts";
import { errorsOf, TestApi } from "./api/support/api.ts";
import { settle } from "./support/attempt-world.ts";
import { connectedGamma, gammaApp, gammaConnection, gammaPorts } from "./support/gamma.ts";

const wanted = { partner: "gamma", tenantId: "tenant-1", name: "Gamma" };

const callback = (api: TestApi, query: Readonly<Record<string, string>>, partner = "gamma") =>
  handleApi(api.apiPorts, {
    method: "GET",
    path: `/api/v1/oauth/${partner}/callback`,
    query,
    headers: {},
    body: new Uint8Array(0),
    requestId: "request-of-a-browser",
  });

/** Everything that could be seen from outside, or read by whoever runs it. */
const told = (api: TestApi, ports: MemoryPorts, pages: readonly unknown[]): string =>
  JSON.stringify([
    api.answers.filter((answer) => !answer.body.includes('"url"')),
    ports.log.lines,
    ports.metrics.counts,
    ports.audit.entries,
    ports.lanes.sent,
    ports.attempts.stored(),
    pages,
  ]);

describe("authorising by the API", () => {
  test("gives an address, takes the browser back, and says what became of it", async () => {
    const { ports, server } = gammaPorts();
    const api = new TestApi(ports);
    const begun = await api.call("POST", "/connections/authorize", { body: wanted });
    expect(begun.status).toBe(201);
    expect(begun.data["expiresAt"]).toBe(new Date(ports.clock.nowMs() + 600_000).toISOString());
    const url = new URL(String(begun.data["url"]));
    const state = url.searchParams.get("state") ?? "";
    const code = server.issueCode(url.searchParams.get("code_challenge") ?? "");
    const page = await callback(api, { state, code, realm: "realm-7" });
    expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    // The API itself has called nobody.
    expect(ports.transport.requests).toEqual([]);
    const attemptId = String(begun.data["attemptId"]);
    const path = `/credential-attempts/gamma/${attemptId}`;
    expect((await api.call("GET", path)).data["status"]).toBe("trying");
    await settle(ports, attemptId);
    // The page that looks again: what became of it, and nothing more.
    const again = await callback(api, { state, code, realm: "realm-7" });
    expect(page.body).toContain('http-equiv="refresh"');
    expect([again.status, again.body.includes("Connected"), again.body.includes("refresh")]).toEqual([
      200,
      true,
      false,
    ]);
    const ended = await api.call("GET", path);
    expect(ended.data).toMatchObject({ status: "done", error: null });
    const connection = await api.call("GET", `/connections/${String(ended.data["connectionId"])}`);
    expect(connection.data).toMatchObject({ status: "active", account: "realm-7", tenantId: "tenant-1" });

    const seen = told(api, ports, [page, again]);
    const stored = await ports.credentials.read({
      partner: "gamma",
      connectionId: String(ended.data["connectionId"]),
    });
    const secrets = [state, code, gammaApp.clientSecret, "gamma-access-", "gamma-refresh-"];
    expect(server.isGood(stored?.fields["refreshToken"])).toBe(true);
    for (const secret of secrets) expect(seen.includes(secret), `${secret} was told`).toBe(false);
  });

  test("answers a page, without what it was sent, to whoever comes with something else", async () => {
    const { ports } = gammaPorts();
    const api = new TestApi(ports);
    const odd = "<script>alert(1)</script>";
    for (const query of [{}, { state: odd, code: odd }, { state: odd, error: odd }, { error_description: odd }]) {
      const page = await callback(api, query);
      expect([page.status, page.headers["content-security-policy"]]).toEqual([
        400,
        "default-src 'none'; frame-ancestors 'none'",
      ]);
      expect(page.headers["referrer-policy"]).toBe("no-referrer");
      expect(page.body).not.toContain("script");
    }
    expect((await callback(api, { state: "x", code: "y" }, "nobody")).status).toBe(400);
  });

  test("tells the browser what went wrong, and what to do", async () => {
    const { ports, server } = await connectedGamma();
    const api = new TestApi(ports);
    const begin = async () => {
      const begun = await api.call("POST", `/connections/${gammaConnection.connectionId}/authorize`, { body: {} });
      return { url: new URL(String(begun.data["url"])), attemptId: String(begun.data["attemptId"]) };
    };
    const denied = await begin();
    const no = { state: denied.url.searchParams.get("state") ?? "", error: "access_denied" };
    expect((await callback(api, no)).body).toContain("was not authorised, and nothing was changed");
    expect((await callback(api, no)).body).toContain("Begin again");

    server.realm = "realm-of-somebody-else";
    const { url, attemptId } = await begin();
    const yes = {
      state: url.searchParams.get("state") ?? "",
      code: server.issueCode(url.searchParams.get("code_challenge") ?? ""),
    };
    await callback(api, yes);
    expect((await callback(api, yes)).body).toContain("Almost there");
    await settle(ports, attemptId);
    const page = await callback(api, yes);
    expect(page.body).toContain("Not connected");
    expect(page.body).toContain("another account than this connection");
    expect(page.body).not.toContain("realm-of-somebody-else");
    expect(await callback(api, yes, "acme")).toMatchObject({ status: 400 });
  });

  test("is refused where a partner is not connected so, or is not set up", async () => {
    const { ports } = gammaPorts();
    const api = new TestApi(ports);
    const acme = await api.call("POST", "/connections/authorize", { body: { ...wanted, partner: "acme" } });
    expect([acme.status, errorsOf(acme)]).toEqual([409, ["no-authorisation partner"]]);
    ports.partnerSecrets.set("gamma", { connectionKey: "key", webhookSecrets: [], app: {} });
    expect((await api.call("POST", "/connections/authorize", { body: wanted })).status).toBe(503);
  });

  test("authorises a connection that there is again", async () => {
    const { ports, server } = await connectedGamma();
    const api = new TestApi(ports);
    const begun = await api.call("POST", `/connections/${gammaConnection.connectionId}/authorize`, { body: {} });
    const url = new URL(String(begun.data["url"]));
    const code = server.issueCode(url.searchParams.get("code_challenge") ?? "");
    await callback(api, { state: url.searchParams.get("state") ?? "", code });
    const { status } = await settle(ports, String(begun.data["attemptId"]));
    expect(status).toEqual({ kind: "done", connectionId: gammaConnection.connectionId });
  });
});
