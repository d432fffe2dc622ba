import type { Reply, SandboxContext, SandboxRequest } from "./definition.ts";
import { consentPage, refusalPage } from "./oauth-pages.ts";
import type { OAuthServerOptions } from "./oauth-server.ts";
import { fingerprintOf } from "./oauth-state.ts";
import type { OAuthState } from "./oauth-state.ts";

interface Asked {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string;
  readonly challenge: string;
  readonly scopes: readonly string[];
  /** As it came, to be asked again with the form. */
  readonly request: Readonly<Record<string, string>>;
}

type Verdict =
  | { readonly kind: "asked"; readonly asked: Asked }
  | { readonly kind: "page"; readonly why: string }
  | { readonly kind: "back"; readonly to: string };

/** The authorization endpoint (RFC 6749, 4.1.1; RFC 7636): a page with a yes and a no, and what becomes of each. */
export class AuthorizationEndpoint {
  readonly #context: SandboxContext;
  readonly #state: OAuthState;
  readonly #options: OAuthServerOptions;

  constructor(context: SandboxContext, state: OAuthState, options: OAuthServerOptions) {
    this.#context = context;
    this.#state = state;
    this.#options = options;
  }

  show(request: SandboxRequest): Reply {
    const { title, authorizePath, accounts } = this.#options;
    const verdict = this.#judge(new URLSearchParams(request.query));
    if (verdict.kind !== "asked") return this.#turnAway(verdict);
    const { clientId, scopes, request: asked } = verdict.asked;
    return consentPage({ title, clientId, scopes, action: authorizePath, accounts: accounts(), request: asked });
  }

  decide(request: SandboxRequest): Reply {
    const form = new URLSearchParams(request.body);
    const verdict = this.#judge(form);
    if (verdict.kind !== "asked") return this.#turnAway(verdict);
    const { clientId, redirectUri, state, challenge, scopes } = verdict.asked;
    if (form.get("decision") !== "allow") {
      this.#state.record([], { kind: "denied", grantId: "", generation: 0 });
      return back(redirectUri, { error: "access_denied", state });
    }
    const account = form.get("account") ?? "";
    if (!this.#options.accounts().some(({ id }) => id === account))
      return refusalPage(this.#options.title, "no such company");
    const code = `sandbox-code-${this.#state.unique("code")}`;
    const expiresAtMs = this.#context.clock.nowMs() + this.#state.lives().codeSeconds * 1_000;
    const issued = { clientId, account, scopes, redirectUri, challenge, expiresAtMs, grantId: null };
    this.#state.record([["code", fingerprintOf(code), issued]], { kind: "allowed", grantId: "", generation: 0 });
    return back(redirectUri, { code, state, [this.#options.accountParameter]: account });
  }

  /** First whether the browser may be sent back at all, and only then what else is wrong. */
  #judge(sent: URLSearchParams): Verdict {
    const text = (name: string): string => sent.get(name) ?? "";
    const app = this.#state.app(text("client_id"));
    if (app === null) return { kind: "page", why: "no such client" };
    const redirectUri = text("redirect_uri");
    if (!app.redirectUris.includes(redirectUri)) return { kind: "page", why: "that redirect URI is not registered" };
    const state = text("state");
    const refuse = (error: string, error_description: string): Verdict => {
      const to = new URL(redirectUri);
      for (const [name, value] of Object.entries({ error, error_description, state })) to.searchParams.set(name, value);
      return { kind: "back", to: to.href };
    };
    if (text("response_type") !== "code") return refuse("unsupported_response_type", "only code");
    if (state.length < 16) return refuse("invalid_request", "a state that cannot be guessed is needed");
    const challenge = text("code_challenge");
    if (text("code_challenge_method") !== "S256" || !/^[\w-]{43}$/.test(challenge))
      return refuse("invalid_request", "PKCE with S256 is needed");
    const scopes = text("scope").split(" ").filter(Boolean);
    if (scopes.length === 0 || scopes.some((scope) => !this.#options.scopes.includes(scope)))
      return refuse("invalid_scope", "unknown scope");
    const names = ["client_id", "redirect_uri", "response_type", "state", "scope"];
    const request = Object.fromEntries(
      [...names, "code_challenge", "code_challenge_method"].map((name) => [name, text(name)]),
    );
    return { kind: "asked", asked: { clientId: text("client_id"), redirectUri, state, challenge, scopes, request } };
  }

  #turnAway(verdict: Exclude<Verdict, { kind: "asked" }>): Reply {
    return verdict.kind === "page" ? refusalPage(this.#options.title, verdict.why) : redirect(verdict.to);
  }
}

function back(redirectUri: string, more: Readonly<Record<string, string>>): Reply {
  const to = new URL(redirectUri);
  for (const [name, value] of Object.entries(more)) to.searchParams.set(name, value);
  return redirect(to.href);
}

function redirect(location: string): Reply {
  return { status: 302, headers: { location, "cache-control": "no-store" }, body: "" };
}
