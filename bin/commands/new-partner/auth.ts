import type { AuthKind, PartnerChoices } from "./choices.ts";

/** The words, code and examples of one kind of auth. */
interface AuthTemplate {
  /** The driver's `auth`. */
  readonly code: (choices: PartnerChoices) => string;
  /** Whether tokens come from `tokenUrl`, whose host the driver then allows. */
  readonly buysTokens: boolean;
  /** What the driver imports for it. */
  readonly imports: readonly string[];
  /** The credentials that the generated test hands to the contract suite, as code. */
  readonly credentials: string;
  /** An invented credential of the driver's form, as the API takes it; null where a person connects an account. */
  readonly example: Readonly<Record<string, string>> | null;
  /** What has to be made at the partner first. */
  readonly make: string;
  readonly words: (choices: PartnerChoices) => string;
}

const templates: Readonly<Record<AuthKind, AuthTemplate>> = {
  header: {
    code: () => String.raw`auth: {
  kind: "header",
  header: "Authorization",
  prefix: "Bearer ",
  field: "apiKey",
  credential: z.strictObject({ apiKey: z.string().regex(/^[\x21-\x7e]{8,500}$/) }),
},`,
    buysTokens: false,
    imports: [],
    credentials: `{
        accepted: [{ fields: { apiKey: "example-key-0001" } }],
        refused: [{ apiKey: "short" }, { apiKey: "with a space in it" }, { token: "example-key-0001" }],
      }`,
    example: { apiKey: "…" },
    make: "Make an API key",
    words: () => "A key in `Authorization: Bearer`",
  },
  "client-credentials": {
    code: ({ tokenUrl }) => String.raw`auth: {
  kind: "client-credentials",
  tokenUrl: ${JSON.stringify(tokenUrl)},
  parameters: {},
  tokensPerDay: null,
  credential: z.strictObject({
    clientId: z.string().regex(/^[\x21-\x7e]{4,200}$/),
    clientSecret: z.string().regex(/^[\x21-\x7e]{8,500}$/),
  }),
},`,
    buysTokens: true,
    imports: [],
    credentials: `{
        accepted: [{ fields: { clientId: "example-client", clientSecret: "example-client-secret-0001" } }],
        refused: [
          { clientId: "example-client" },
          { clientId: "example-client", clientSecret: "short" },
          { clientId: "with a space", clientSecret: "example-client-secret-0001" },
        ],
      }`,
    example: { clientId: "…", clientSecret: "…" },
    make: "Make a client id and a client secret",
    words: ({ tokenUrl }) => `Tokens by client credentials from \`${tokenUrl}\``,
  },
  "authorization-code": {
    code: ({ authorizeUrl, tokenUrl }) => `auth: {
  kind: "authorization-code",
  authorizeUrl: ${JSON.stringify(authorizeUrl)},
  tokenUrl: ${JSON.stringify(tokenUrl)},
  scopes: ["read"],
  parameters: {},
  clientAuthentication: "basic",
  account: ({ token }) => (typeof token["account_id"] === "string" ? token["account_id"] : null),
  credential: oauthCredential,
},`,
    buysTokens: true,
    imports: ['import { oauthCredential } from "../../engine/oauth/oauth-credential.ts";'],
    credentials: `{
        accepted: [
          { fields: { refreshToken: "example-refresh-0001" } },
          { fields: { refreshToken: "example-refresh-0001", accessToken: "example-access-0001" } },
        ],
        refused: [{ accessToken: "example-access-0001" }, { refreshToken: "with a space" }],
      }`,
    example: null,
    make: "Register an app, whose redirect URI is `https://<API>/api/v1/oauth/<partner>/callback`,",
    words: ({ authorizeUrl, tokenUrl }) =>
      `A person says yes at \`${authorizeUrl}\`, and the code buys tokens at \`${tokenUrl}\``,
  },
};

export function authTemplateOf(choices: PartnerChoices): AuthTemplate {
  return templates[choices.auth];
}

/** The driver's `auth`, and `hosts` where tokens come from another host than the API. */
export function authCode(choices: PartnerChoices): string {
  const template = authTemplateOf(choices);
  const { host } = new URL(choices.tokenUrl);
  const isElsewhere = template.buysTokens && host !== new URL(choices.baseUrl).host;
  return (isElsewhere ? `hosts: [${JSON.stringify(host)}],\n` : "") + template.code(choices);
}
