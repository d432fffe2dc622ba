import { createHash } from "node:crypto";
import type { Reply, SandboxContext, SandboxRequest } from "./definition.ts";
import type { OAuthServerOptions } from "./oauth-server.ts";
import { fingerprintOf } from "./oauth-state.ts";
import type { Grant, OAuthState } from "./oauth-state.ts";

/** The token endpoint and the revocation endpoint (RFC 6749, 4.1.3 and 6; RFC 7009): strict. */
export class TokenEndpoint {
  readonly #context: SandboxContext;
  readonly #state: OAuthState;
  readonly #options: OAuthServerOptions;

  constructor(context: SandboxContext, state: OAuthState, options: OAuthServerOptions) {
    this.#context = context;
    this.#state = state;
    this.#options = options;
  }

  issue(request: SandboxRequest): Reply {
    const isForm = (request.headers["content-type"] ?? "").startsWith("application/x-www-form-urlencoded");
    if (!isForm) return refusal(400, "invalid_request");
    const clientId = this.#clientOf(request);
    if (clientId === null) return refusal(401, "invalid_client");
    const form = new URLSearchParams(request.body);
    switch (form.get("grant_type")) {
      case "authorization_code":
        return this.#exchange(clientId, form);
      case "refresh_token":
        return this.#refresh(clientId, form.get("refresh_token") ?? "");
      default:
        return refusal(400, "unsupported_grant_type");
    }
  }

  /** A token that is unknown or ended already is as gone as was asked. */
  revoke(request: SandboxRequest): Reply {
    const clientId = this.#clientOf(request);
    if (clientId === null) return refusal(401, "invalid_client");
    const text = this.#options.readRevoked(request);
    if (text === null) return refusal(400, "invalid_request");
    const token = this.#state.token("refresh", text) ?? this.#state.token("access", text);
    const grant = token === null ? null : this.#state.grant(token.grantId);
    if (token !== null && grant?.endedBy === null && grant.clientId === clientId)
      this.#end(token.grantId, grant, "revoked");
    return { status: 200, body: "" };
  }

  /** Whose call it is; null when its token is none, has ended, or was taken back. */
  accountOf(request: SandboxRequest): string | null {
    const text = /^Bearer (?<token>\S+)$/i.exec(request.headers.authorization ?? "")?.groups?.["token"] ?? "";
    const token = this.#state.token("access", text);
    const grant = token === null ? null : this.#state.grant(token.grantId);
    const isGood = token !== null && grant?.endedBy === null && request.arrivedAtMs < token.expiresAtMs;
    return isGood ? grant.account : null;
  }

  /** Tokens of a grant that nobody watched being given: for a demonstration that is connected without a browser. */
  grantTo(clientId: string, account: string): { readonly accessToken: string; readonly refreshToken: string } {
    const grantId = this.#state.unique("grant");
    const { scopes } = this.#options;
    this.#begin(grantId, { clientId, account, scopes: [...scopes] }, []);
    return { accessToken: tokenText("access", grantId, 1), refreshToken: tokenText("refresh", grantId, 1) };
  }

  #exchange(clientId: string, form: URLSearchParams): Reply {
    const text = form.get("code") ?? "";
    const code = this.#state.code(text);
    if (code === null || code.clientId !== clientId) return refusal(400, "invalid_grant");
    if (code.grantId !== null) {
      // Whoever comes second may be a thief, or the first one was: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
      const grant = this.#state.grant(code.grantId);
      if (grant?.endedBy === null) this.#end(code.grantId, grant, "code-reused");
      return refusal(400, "invalid_grant");
    }
    const proven = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isHere = this.#context.clock.nowMs() < code.expiresAtMs;
    if (!isHere || proven !== code.challenge || form.get("redirect_uri") !== code.redirectUri)
      return refusal(400, "invalid_grant");
    const grantId = this.#state.unique("grant");
    this.#begin(grantId, code, [["code", fingerprintOf(text), { ...code, grantId }]]);
    return this.#answer(grantId, 1);
  }

  #begin(
    grantId: string,
    { clientId, account, scopes }: Pick<Grant, "clientId" | "account" | "scopes">,
    puts: Parameters<OAuthState["record"]>[0],
  ): void {
    const atMs = this.#context.clock.nowMs();
    const grant: Grant = { clientId, account, scopes, atMs, generation: 1, endedBy: null };
    this.#state.record([...puts, ["grant", grantId, grant], ...this.#tokens(grantId, 1)], {
      kind: "exchange",
      grantId,
      generation: 1,
    });
  }

  #refresh(clientId: string, text: string): Reply {
    const token = this.#state.token("refresh", text);
    const grant = token === null ? null : this.#state.grant(token.grantId);
    if (token === null || grant === null || grant.clientId !== clientId || grant.endedBy !== null)
      return refusal(400, "invalid_grant");
    const { grantId, generation } = token;
    const nowMs = this.#context.clock.nowMs();
    if (nowMs >= token.expiresAtMs) return refusal(400, "invalid_grant");
    if (token.spentAtMs !== null) {
      const isNext = grant.generation === generation + 1;
      if (isNext && nowMs < token.spentAtMs + this.#state.lives().graceSeconds * 1_000) {
        this.#state.record([], { kind: "replay", grantId, generation });
        return this.#answer(grantId, grant.generation);
      }
      this.#end(grantId, grant, "refresh-reused");
      return refusal(400, "invalid_grant");
    }
    const next = generation + 1;
    this.#state.record(
      [
        ["refresh", fingerprintOf(text), { ...token, spentAtMs: nowMs }],
        ["grant", grantId, { ...grant, generation: next }],
        ...this.#tokens(grantId, next),
      ],
      { kind: "refresh", grantId, generation },
    );
    return this.#answer(grantId, next);
  }

  #tokens(grantId: string, generation: number): Parameters<OAuthState["record"]>[0] {
    const nowMs = this.#context.clock.nowMs();
    const { accessSeconds, refreshSeconds } = this.#state.lives();
    const state = { grantId, generation, spentAtMs: null };
    return [
      [
        "access",
        fingerprintOf(tokenText("access", grantId, generation)),
        { ...state, expiresAtMs: nowMs + accessSeconds * 1_000 },
      ],
      [
        "refresh",
        fingerprintOf(tokenText("refresh", grantId, generation)),
        { ...state, expiresAtMs: nowMs + refreshSeconds * 1_000 },
      ],
    ];
  }

  #answer(grantId: string, generation: number): Reply {
    const lives = this.#state.lives();
    const body = {
      token_type: "bearer",
      access_token: tokenText("access", grantId, generation),
      expires_in: lives.accessSeconds,
      refresh_token: tokenText("refresh", grantId, generation),
      ...this.#options.alsoInAnswer(lives),
    };
    return { status: 200, headers: noStore, body };
  }

  #end(grantId: string, grant: Grant, endedBy: NonNullable<Grant["endedBy"]>): void {
    const { generation } = grant;
    this.#state.record([["grant", grantId, { ...grant, endedBy }]], { kind: endedBy, grantId, generation });
  }

  /** HTTP Basic, each part form-encoded: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
  #clientOf(request: SandboxRequest): string | null {
    const encoded = /^Basic (?<pair>\S+)$/i.exec(request.headers.authorization ?? "")?.groups?.["pair"] ?? "";
    const [id = "", secret = ""] = Buffer.from(encoded, "base64").toString("utf8").split(":").map(formDecoded);
    return this.#state.app(id)?.secretFingerprint === fingerprintOf(secret) ? id : null;
  }
}

const noStore = { "cache-control": "no-store", pragma: "no-cache" };

/** The same for the same generation: an answer can be given again without a token being kept anywhere. */
function tokenText(kind: "access" | "refresh", grantId: string, generation: number): string {
  return `sandbox-${kind}-${fingerprintOf(`${kind} ${grantId} ${generation}`)}`;
}

function formDecoded(text: string): string {
  return new URLSearchParams(`value=${text}`).get("value") ?? "";
}

function refusal(status: number, error: string): Reply {
  return { status, headers: noStore, body: { error } };
}
