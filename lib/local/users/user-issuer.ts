import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import * as z from "zod";
import { parseJson } from "../../engine/parse-json.ts";
import { systemClock } from "../clock.ts";
import { listen } from "../http/listen.ts";
import { readBody } from "../http/read-body.ts";
import { openSigningKey } from "./signing-key.ts";
import type { SigningKey } from "./signing-key.ts";

/** A Cognito user pool's part in the API's authorizer, played on this machine. */
export interface UserIssuer {
  /** What functions know the pool by, as a stage's `users` in sluice.config.ts. */
  readonly pool: { readonly issuer: string; readonly audience: string };
  /** The pool's host, and the loopback address that stands for it. */
  readonly host: string;
  readonly url: string;
  stop(): Promise<void>;
}

/** Reserved for tests, so that it is nobody's: https://www.rfc-editor.org/rfc/rfc2606#section-2 */
const host = "users.sluice.test";
const poolPath = "/local-pool";
const pool = { issuer: `https://${host}${poolPath}`, audience: "sluice-local" };
const bytesMax = 4_096;
const jwksPath = `${poolPath}/.well-known/jwks.json`;

const TokenRequest = z.strictObject({
  role: z.enum(["viewer", "operator", "admin"]),
  /** null: every tenant. */
  tenantId: z.string().min(1).max(200).nullable().default(null),
  /** Negative: a token that has run out already. */
  minutes: z.number().min(-1_440).max(1_440).default(60),
});

/**
 * Issues tokens as a user pool does, RS256 by a key of this data folder, which it publishes; to whoever asks, as it listens on
 * loopback and everything behind it is this machine's own.
 *
 * @example
 * const issuer = await startUserIssuer({ dataDir: ".sluice" });
 * await fetch(`${issuer.url}/token`, { method: "POST", body: JSON.stringify({ role: "viewer" }) });
 */
export async function startUserIssuer({ dataDir }: { readonly dataDir: string }): Promise<UserIssuer> {
  const key = openSigningKey(join(dataDir, "user-key.json"));
  const server = createServer((request, response) => {
    if (request.method === "GET" && request.url === jwksPath) return answer(response, 200, { keys: [key.published] });
    if (request.method !== "POST" || request.url !== "/token")
      return answer(response, 404, { error: `Ask POST /token, or GET ${jwksPath}` });
    return void issue(request, response, key);
  });
  const url = await listen(server, 0);
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { pool, host, url, stop };
}

async function issue(request: IncomingMessage, response: ServerResponse, key: SigningKey): Promise<void> {
  const outcome = await readBody(request, systemClock, bytesMax);
  const parsed = parseJson(outcome.kind === "whole" ? outcome.body : new Uint8Array(0));
  const asked = TokenRequest.safeParse(parsed.kind === "json" ? parsed.body : null);
  if (!asked.success) return answer(response, 400, { error: z.prettifyError(asked.error) });
  const { role, tenantId, minutes } = asked.data;
  const nowSeconds = Math.floor(systemClock.nowMs() / 1_000);
  const expiresAtSeconds = nowSeconds + Math.round(minutes * 60);
  const token = key.sign({
    iss: pool.issuer,
    sub: randomUUID(),
    client_id: pool.audience,
    token_use: "access",
    iat: Math.min(nowSeconds, expiresAtSeconds),
    exp: expiresAtSeconds,
    "cognito:groups": [`sluice-${role}`, tenantId === null ? "sluice-every-tenant" : `sluice-tenant:${tenantId}`],
  });
  answer(response, 200, { token, expiresAt: new Date(expiresAtSeconds * 1_000).toISOString() });
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(JSON.stringify(body));
}
