import * as z from "zod";
import type { Identified, Reply, Route, SandboxContext, SandboxRequest } from "../../local/sandbox/definition.ts";
import { parseForm } from "../../local/sandbox/form.ts";
import type { Put } from "../../local/sandbox/journal-entry.ts";
import { accountIdFor, ROOT, settingsOf } from "./sandbox-accounts.ts";
import type { AccountSettings } from "./sandbox-accounts.ts";
import { fingerprintOf } from "./sandbox-ids.ts";
import { errorReply } from "./sandbox-replies.ts";

/** Those who ask for a token are nobody yet. */
export const TOKEN_ACCOUNT = "_token-endpoint";
export const TOKEN_PATH = "/oauth2/token";
export const tokenType = "_token";

const DAY_MS = 86_400_000;
const STATED_SECONDS = 86_400;

const Token = z.object({ account: z.string(), atMs: z.number(), worksUntilMs: z.number(), revoked: z.boolean() });

const TokenRequest = z.strictObject({
  grant_type: z.literal("client_credentials"),
  scope: z.literal("open-api"),
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
});

/** open-api-docs.guesty.com/docs/authentication: client credentials as a form, a token for a day, five a day. */
export function tokenRoute(context: SandboxContext): Route {
  return {
    method: "POST",
    template: TOKEN_PATH,
    handle(request) {
      const isForm = (request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
      const asked = TokenRequest.safeParse(isForm ? parseForm(request.body) : null);
      if (!asked.success) return oauthError(400, "invalid_request", "not a form of client credentials");
      const settings = settingsOf(context.objects, accountIdFor(asked.data.client_id));
      if (settings?.clientSecretFingerprint !== fingerprintOf(asked.data.client_secret)) {
        return oauthError(401, "invalid_client", "unknown client, or another secret than its own");
      }
      return mint(context, settings, request);
    },
  };
}

function mint(context: SandboxContext, settings: AccountSettings, request: SandboxRequest): Reply {
  const { account, limits } = settings;
  const atMs = request.arrivedAtMs;
  const times = tokensOf(context, account).map((token) => token.atMs);
  const today = times.filter((earlier) => earlier > atMs - DAY_MS);
  if (today.length >= limits.tokensPerDay) {
    context.record({
      kind: "violation",
      atMs,
      account,
      endpoint: `POST ${TOKEN_PATH}`,
      scope: `${account} tokens`,
      limit: limits.tokensPerDay,
      windowMs: DAY_MS,
      count: today.length + 1,
    });
    const roomAtMs = (today.at(-limits.tokensPerDay) ?? atMs) + DAY_MS;
    return oauthError(429, "too_many_requests", "no more tokens today", {
      "retry-after": String(Math.ceil((roomAtMs - atMs) / 1_000)),
    });
  }
  const text = `guesty-sandbox-${fingerprintOf(`${account} ${settings.clientSecretFingerprint} ${times.length}`)}`;
  const state = { account, atMs, worksUntilMs: atMs + settings.tokenWorksSeconds * 1_000, revoked: false };
  recordTokens(context, [{ id: fingerprintOf(text), revision: 1, state }]);
  return {
    status: 200,
    body: { token_type: "Bearer", expires_in: STATED_SECONDS, access_token: text, scope: "open-api" },
  };
}

/** Makes every token of an account useless before its time. Answers how many there were. */
export function revokeTokens(context: SandboxContext, account: string): number {
  const live = context.objects
    .list(ROOT, tokenType)
    .filter((stored) => stored.state["account"] === account && stored.state["revoked"] === false);
  recordTokens(
    context,
    live.map((stored) => ({
      id: stored.id,
      revision: stored.revision + 1,
      state: { ...stored.state, revoked: true },
    })),
  );
  return live.length;
}

/** Whose call it is, by its token; null when the token is not or no longer one. */
export function accountOf(context: SandboxContext, request: SandboxRequest): string | null {
  const stored = context.objects.get(ROOT, tokenType, fingerprintOf(bearerIn(request)));
  if (stored === null) return null;
  const token = Token.parse(stored.state);
  return token.revoked || request.arrivedAtMs >= token.worksUntilMs ? null : token.account;
}

/** An expired token is refused with a 401 or a 403 (reported of the real one); here in turn, so that callers meet both. */
export function createIdentify(context: SandboxContext): (request: SandboxRequest) => Identified {
  let refusals = 0;
  return (request) => {
    if (request.path === TOKEN_PATH) return { kind: "account", account: TOKEN_ACCOUNT };
    const account = accountOf(context, request);
    if (account !== null) return { kind: "account", account };
    const wasOne = context.objects.get(ROOT, tokenType, fingerprintOf(bearerIn(request))) !== null;
    const unauthorized: Identified = { kind: "reply", reply: errorReply(401, "UNAUTHORIZED", "Unauthorized") };
    if (!wasOne) return unauthorized;
    refusals += 1;
    return refusals % 2 === 1
      ? unauthorized
      : { kind: "reply", reply: errorReply(403, "FORBIDDEN", "Token is expired or not valid") };
  };
}

function bearerIn(request: SandboxRequest): string {
  return /^Bearer (?<token>\S+)$/i.exec(request.headers.authorization ?? "")?.groups?.["token"] ?? "";
}

function tokensOf(context: SandboxContext, account: string): readonly z.infer<typeof Token>[] {
  return context.objects
    .list(ROOT, tokenType)
    .map((stored) => Token.parse(stored.state))
    .filter((token) => token.account === account);
}

function recordTokens(context: SandboxContext, tokens: readonly Pick<Put, "id" | "revision" | "state">[]): void {
  context.record({
    kind: "change",
    atMs: context.clock.nowMs(),
    account: ROOT,
    puts: tokens.map((token) => ({ ...token, type: tokenType, deleted: false, about: null })),
    deliveries: [],
    saved: null,
    write: null,
  });
}

/** RFC 6749, 5.2. */
function oauthError(
  status: number,
  error: string,
  description: string,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { status, headers, body: { error, error_description: description } };
}
