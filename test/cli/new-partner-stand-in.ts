import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { onTestFinished } from "vitest";
import { readChoices } from "../../bin/commands/new-partner/choices.ts";
import { scaffold } from "../../bin/commands/new-partner/scaffold.ts";

/** The invented partner: its credential, and the secret of its webhooks. */
const clientId = "client-of-shop";
const clientSecret = "secret-of-shop-0001";
export const credential = { clientId, clientSecret };
export const webhookSecret = "whsec_exampleexampleexampleexample";

/** A small stand-in for the partner's API: a token, pages of two, single things. It follows the driver's assumptions. */
export async function standIn(things: Map<string, object>) {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const url = new URL(request.url ?? "/", "http://localhost");
    calls.push(`${request.method} ${url.pathname}`);
    if (url.pathname === "/oauth/token") {
      let form = "";
      request.on("data", (chunk: Buffer) => (form += chunk.toString()));
      request.on("end", () => {
        const sent = new URLSearchParams(form);
        const known = sent.get("client_id") === clientId && sent.get("client_secret") === clientSecret;
        answer(known ? 200 : 401, known ? { access_token: "token-1", token_type: "Bearer", expires_in: 3600 } : {});
      });
      return;
    }
    if (request.headers.authorization !== "Bearer token-1") return answer(401, { error: "unauthorized" });
    if (url.pathname === "/v1/stays") {
      const page = Number(url.searchParams.get("page") ?? 1);
      const all = [...things.values()];
      const next = page * 2 < all.length ? `https://api.shop.example/v1/stays?limit=100&page=${page + 1}` : null;
      return answer(200, { count: all.length, next, results: all.slice(page * 2 - 2, page * 2) });
    }
    const thing = things.get(decodeURIComponent(url.pathname.replace("/v1/stays/", "")));
    answer(thing === undefined ? 404 : 200, thing ?? { error: "not_found" });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, calls };
}

/** Scaffolds the partner that the stand-in stands in for. */
export async function scaffoldShop(root: string): Promise<void> {
  const said = { auth: "client-credentials", pages: "next-link", webhooks: "standard-webhooks" };
  await scaffold(root, readChoices("shop", { ...said, resource: "stays", model: "reservation", limits: ["50/s"] }));
}

export function stay(id: string, status: string): readonly [string, object] {
  return [id, { id, created_at: "2026-11-02T09:30:00+01:00", status }];
}

export function signed(body: string, atMs: number): Readonly<Record<string, string>> {
  return {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(atMs / 1000)),
    "webhook-signature": new Webhook(webhookSecret).sign("msg_1", new Date(atMs), body),
  };
}
