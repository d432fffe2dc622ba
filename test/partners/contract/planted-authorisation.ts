import type { AuthorizationCode } from "../../../lib/engine/define-partner.ts";
import { oauthCredential } from "../../../lib/engine/oauth/oauth-credential.ts";
import { subject } from "./planted.ts";
import type { Fault } from "./planted.ts";
import type { Subject } from "./subject.ts";

const auth: AuthorizationCode = {
  kind: "authorization-code",
  authorizeUrl: "https://login.acme.example/authorize?audience=api",
  tokenUrl: "https://api.acme.example/oauth/token",
  scopes: ["orders.read", "offline_access"],
  parameters: { prompt: "consent" },
  clientAuthentication: "basic",
  account: ({ token }) => (typeof token["account"] === "string" ? token["account"] : null),
  credential: oauthCredential,
};
const credentials = {
  accepted: [{ fields: { refreshToken: "example-refresh-0001" } }],
  refused: [{ accessToken: "example-access-0001" }, { refreshToken: "with a space" }],
};

/** Acme, if people connected it by saying yes there. */
export function authorised(over: Partial<AuthorizationCode> = {}): Subject {
  return subject({ driver: { auth: { ...auth, ...over } }, fixtures: { credentials } });
}

const name = "credentials are taken whole and nothing else is";

export const authorisationFaults: readonly Fault[] = [
  [
    name,
    "a page without TLS",
    /authorizeUrl/,
    () => authorised({ authorizeUrl: "http://login.acme.example/authorize" }),
  ],
  [
    name,
    "a page with a fragment",
    /authorizeUrl/,
    () => authorised({ authorizeUrl: "https://login.acme.example/#yes" }),
  ],
  [name, "tokens of a stranger's", /tokenUrl/, () => authorised({ tokenUrl: "https://login.other.example/token" })],
  [name, "a revocation at a stranger's", /tokenUrl/, () => authorised({ revokeUrl: "https://other.example/revoke" })],
  [name, "a state of its own", /state is the flow's own/, () => authorised({ parameters: { state: "x" } })],
  [
    name,
    "a scope in the address",
    /scope is the flow's own/,
    () => authorised({ authorizeUrl: "https://login.acme.example/authorize?scope=all" }),
  ],
  [name, "two scopes in one", /no single scope/, () => authorised({ scopes: ["orders.read offline_access"] })],
  [name, "a scope twice", /asked for twice/, () => authorised({ scopes: ["orders.read", "orders.read"] })],
  [
    name,
    "an account that is no text",
    /the account is a text/,
    // A fault that the types would forbid.
    () => authorised({ account: ({ token }) => Object.values(token)[0] as string }),
  ],
  [
    name,
    "an account that crashes",
    /the account is a text/,
    () => authorised({ account: ({ token }) => (Object.keys(token).length > 1 ? crash() : null) }),
  ],
];

function crash(): never {
  throw new Error("planted");
}
