import * as z from "zod";
import { controlError, readControl } from "./controls.ts";
import type { ControlRoute, Identified, Reply, Route, SandboxContext, SandboxRequest } from "./definition.ts";
import { AuthorizationEndpoint } from "./oauth-authorize.ts";
import { App, fingerprintOf, Lives, OAuthState } from "./oauth-state.ts";
import { TokenEndpoint } from "./oauth-tokens.ts";

/** What one vendor's authorization server has of its own. */
export interface OAuthServerOptions {
  readonly title: string;
  readonly authorizePath: string;
  readonly tokenPath: string;
  readonly revokePath: string;
  readonly scopes: readonly string[];
  /** What the callback names the account by. */
  readonly accountParameter: string;
  /** Those that a person can choose from. */
  readonly accounts: () => readonly { readonly id: string; readonly name: string }[];
  /** Fields of a token answer beside the standard's. */
  readonly alsoInAnswer: (lives: Lives) => Readonly<Record<string, unknown>>;
  /** The token that a revocation names; null when the request is none. */
  readonly readRevoked: (request: SandboxRequest) => string | null;
}

/** Those who come to the authorization server are nobody's account yet. */
export const oauthAccount = "_oauth";

/**
 * An OAuth 2.0 authorization server for a sandbox: exact redirect URIs, PKCE with S256, codes of one use, refresh tokens of
 * one use that end their whole grant when one comes twice, client authentication, revocation, and a ledger of all of it.
 */
export class OAuthServer {
  readonly routes: readonly Route[];
  readonly controls: readonly ControlRoute[];
  readonly #tokens: TokenEndpoint;
  readonly #paths: ReadonlySet<string>;

  constructor(context: SandboxContext, options: OAuthServerOptions) {
    const state = new OAuthState(context);
    const authorization = new AuthorizationEndpoint(context, state, options);
    const tokens = new TokenEndpoint(context, state, options);
    const { authorizePath, tokenPath, revokePath } = options;
    this.#tokens = tokens;
    this.#paths = new Set([authorizePath, tokenPath, revokePath]);
    this.routes = [
      { method: "GET", template: authorizePath, handle: (request) => authorization.show(request) },
      { method: "POST", template: authorizePath, handle: (request) => authorization.decide(request) },
      { method: "POST", template: tokenPath, handle: (request) => tokens.issue(request) },
      { method: "POST", template: revokePath, handle: (request) => tokens.revoke(request) },
    ];
    this.controls = controlsOf(state, tokens, options);
  }

  /** null: a call of the API without a token that is good. */
  identify(request: SandboxRequest): Identified | null {
    if (this.#paths.has(request.path)) return { kind: "account", account: oauthAccount };
    const account = this.#tokens.accountOf(request);
    return account === null ? null : { kind: "account", account };
  }
}

const GrantRequest = z.strictObject({ clientId: z.string(), account: z.string() });

function controlsOf(
  state: OAuthState,
  tokens: TokenEndpoint,
  { accounts }: OAuthServerOptions,
): readonly ControlRoute[] {
  const control = <Body>(path: string, schema: z.ZodType<Body>, handle: (body: Body) => Reply): ControlRoute => ({
    method: "POST",
    template: `/__sandbox/oauth/${path}`,
    handle(request) {
      const asked = readControl(schema, request);
      return asked.ok ? handle(asked.data) : asked.reply;
    },
  });
  return [
    control("app", App, ({ clientId, clientSecret, redirectUris }) => {
      state.record([["app", clientId, { secretFingerprint: fingerprintOf(clientSecret), redirectUris }]], null);
      return { status: 200, body: { clientId } };
    }),
    control("lives", Lives, (lives) => {
      state.record([["lives", "lives", lives]], null);
      return { status: 200, body: lives };
    }),
    control("grants", GrantRequest, ({ clientId, account }) => {
      const isThere = state.app(clientId) !== null && accounts().some(({ id }) => id === account);
      if (!isThere) return controlError(404, "No such client, or no such account: open both first");
      return { status: 200, body: tokens.grantTo(clientId, account) };
    }),
    {
      method: "GET",
      template: "/__sandbox/oauth",
      handle: () => ({ status: 200, body: { lives: state.lives(), grants: state.grants(), events: state.events() } }),
    },
  ];
}
