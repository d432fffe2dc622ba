import { createHash } from "node:crypto";
import { definePartner } from "../../../lib/engine/define-partner.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { oauthCredential } from "../../../lib/engine/oauth/oauth-credential.ts";
import type { Connection, OutboundAnswer, OutboundRequest } from "../../../lib/engine/ports.ts";
import { createMemoryPorts, jsonAnswer } from "../../support/memory-ports.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";
import { acme, connection as acmeConnection } from "./acme.ts";

/** A partner that is connected by a person who says yes there. */
export const gamma: PartnerDriver = definePartner({
  ...acme,
  name: "gamma",
  title: "Gamma",
  baseUrl: "https://api.gamma.example/v1",
  hosts: ["login.gamma.example"],
  auth: {
    kind: "authorization-code",
    authorizeUrl: "https://login.gamma.example/authorize?audience=api",
    tokenUrl: "https://login.gamma.example/token",
    scopes: ["orders.read", "offline"],
    parameters: { prompt: "consent" },
    clientAuthentication: "basic",
    account: ({ callback, token }) => callback["realm"] ?? (typeof token["realm"] === "string" ? token["realm"] : null),
    credential: oauthCredential,
  },
});

export const gammaApp = {
  clientId: "gamma-client",
  clientSecret: "gamma-client-secret-5d1c",
  redirectUri: "https://sluice.example/api/v1/oauth/gamma/callback",
};

export const gammaConnection: Connection = {
  ...acmeConnection,
  partner: "gamma",
  connectionId: "gamma_000000000000000000-0000000000000000",
  account: "realm-1",
};

const lifeMs = 3_600_000;

interface Family {
  refresh: string;
  readonly access: Map<string, number>;
  readonly successors: Map<string, { readonly body: unknown; readonly atMs: number }>;
}

/** An authorization server and its API in memory: one-use codes and refresh tokens, PKCE, and a count of everything. */
export class GammaServer {
  readonly clock: { nowMs(): number };
  /** Within it a spent refresh token gets the answer again that it got before; 0: it gets none. */
  graceMs = 0;
  /** How often a refresh token was really exchanged. */
  rotations = 0;
  tokenCalls = 0;
  apiCalls = 0;
  /** Fields over every token answer; undefined takes one away. */
  overlay: Readonly<Record<string, unknown>> = {};
  tokenDown = false;
  realm = "realm-1";
  challenge = "";
  readonly codes = new Set<string>();
  readonly #families = new Map<string, Family>();
  #made = 0;

  constructor(clock: { nowMs(): number }) {
    this.clock = clock;
  }

  /** What a person's yes gives. */
  issueCode(challenge: string): string {
    const code = `gamma-code-${++this.#made}-of-one-use`;
    this.codes.add(code);
    this.challenge = challenge;
    return code;
  }

  /** Tokens as a former exchange gave them. */
  issueTokens(): Readonly<Record<string, unknown>> {
    return this.#issue({ refresh: "", access: new Map(), successors: new Map() });
  }

  /** What the holder of a refresh token gets for it. */
  renew(sent: string): string {
    this.#refresh(sent);
    return this.#families.get(sent)?.refresh ?? "";
  }

  revoke(): void {
    this.#families.clear();
  }

  /** That somebody can still work with it: the test of whether a good token was thrown away. */
  isGood(refreshToken: string | undefined): boolean {
    return refreshToken !== undefined && this.#families.get(refreshToken)?.refresh === refreshToken;
  }

  answer(request: OutboundRequest): OutboundAnswer {
    const url = new URL(request.url);
    if (url.host === "login.gamma.example") return this.#token(request);
    this.apiCalls += 1;
    const token = (request.headers["authorization"] ?? "").replace("Bearer ", "");
    const good = [...this.#families.values()].some((family) => (family.access.get(token) ?? 0) > this.clock.nowMs());
    return good ? jsonAnswer(200, { items: [], next: null }) : jsonAnswer(401, { error: "unauthorized" });
  }

  #token(request: OutboundRequest): OutboundAnswer {
    this.tokenCalls += 1;
    if (this.tokenDown) return jsonAnswer(503, { error: "down" });
    const basic = `Basic ${Buffer.from(`${gammaApp.clientId}:${gammaApp.clientSecret}`).toString("base64")}`;
    // oauth4webapi form-encodes id and secret first, as RFC 6749, 2.3.1 wants it; these hold `-`, which it escapes.
    const given = decodeURIComponent(
      Buffer.from((request.headers["authorization"] ?? "").slice(6), "base64").toString("utf8"),
    );
    if (`Basic ${Buffer.from(given).toString("base64")}` !== basic) return jsonAnswer(401, { error: "invalid_client" });
    const form = new URLSearchParams(request.body ?? "");
    if (form.get("grant_type") === "authorization_code") return this.#exchange(form);
    return this.#refresh(form.get("refresh_token") ?? "");
  }

  #exchange(form: URLSearchParams): OutboundAnswer {
    const known = this.codes.delete(form.get("code") ?? "");
    const verifier = form.get("code_verifier") ?? "";
    const proven = createHash("sha256").update(verifier).digest("base64url") === this.challenge;
    if (!known || !proven || form.get("redirect_uri") !== gammaApp.redirectUri)
      return jsonAnswer(400, { error: "invalid_grant" });
    return jsonAnswer(200, this.issueTokens());
  }

  #refresh(sent: string): OutboundAnswer {
    const family = this.#families.get(sent);
    if (family === undefined) return jsonAnswer(400, { error: "invalid_grant" });
    if (family.refresh === sent) {
      this.rotations += 1;
      const body = this.#issue(family);
      family.successors.set(sent, { body, atMs: this.clock.nowMs() });
      return jsonAnswer(200, body);
    }
    const former = family.successors.get(sent);
    const repeats = former !== undefined && this.clock.nowMs() - former.atMs < this.graceMs;
    return repeats ? jsonAnswer(200, former.body) : jsonAnswer(400, { error: "invalid_grant" });
  }

  #issue(family: Family): Readonly<Record<string, unknown>> {
    const number = ++this.#made;
    family.refresh = `gamma-refresh-${number}-secret`;
    family.access.set(`gamma-access-${number}-secret`, this.clock.nowMs() + lifeMs);
    this.#families.set(family.refresh, family);
    const body = {
      access_token: `gamma-access-${number}-secret`,
      refresh_token: family.refresh,
      token_type: "Bearer",
      expires_in: lifeMs / 1_000,
      scope: "orders.read offline",
      realm: this.realm,
      ...this.overlay,
    };
    return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
  }
}

export function gammaPorts(): { readonly ports: MemoryPorts; readonly server: GammaServer } {
  const ports = createMemoryPorts({
    partners: [gamma, acme],
    secrets: {
      gamma: { connectionKey: "gamma-connection-key-of-the-tests", webhookSecrets: [], app: gammaApp },
      acme: { connectionKey: "acme-connection-key-of-the-tests", webhookSecrets: [], app: {} },
    },
  });
  const server = new GammaServer(ports.clock);
  ports.transport.respond((request) => server.answer(request));
  return { ports, server };
}

/** The same with a connection whose access token has just been given out. */
export async function connectedGamma(): Promise<{ readonly ports: MemoryPorts; readonly server: GammaServer }> {
  const world = gammaPorts();
  const tokens = world.server.issueTokens();
  const nowMs = world.ports.clock.nowMs();
  await world.ports.connections.create(gammaConnection);
  await world.ports.credentials.replace(gammaConnection, null, {
    accessToken: String(tokens["access_token"]),
    refreshToken: String(tokens["refresh_token"]),
    accessTokenExpiresAtMs: String(nowMs + lifeMs - 600_000),
    accessTokenEndsAtMs: String(nowMs + lifeMs - 60_000),
  });
  return world;
}
