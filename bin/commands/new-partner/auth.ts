import type { PartnerChoices } from "./choices.ts";

/** The driver's `auth`, and `hosts` where tokens come from another host than the API. */
export function authCode(choices: PartnerChoices): string {
  if (choices.auth === "header") return headerCode;
  const { host } = new URL(choices.tokenUrl);
  const hosts = host === new URL(choices.baseUrl).host ? "" : `hosts: [${JSON.stringify(host)}],\n`;
  return hosts + clientCredentialsCode(choices.tokenUrl);
}

/** The credentials that the generated test hands to the contract suite, as code. */
export function credentialsCode(choices: PartnerChoices): string {
  return choices.auth === "header"
    ? `{
        accepted: [{ fields: { apiKey: "example-key-0001" } }],
        refused: [{ apiKey: "short" }, { apiKey: "with a space in it" }, { token: "example-key-0001" }],
      }`
    : `{
        accepted: [{ fields: { clientId: "example-client", clientSecret: "example-client-secret-0001" } }],
        refused: [
          { clientId: "example-client" },
          { clientId: "example-client", clientSecret: "short" },
          { clientId: "with a space", clientSecret: "example-client-secret-0001" },
        ],
      }`;
}

/** An invented credential of the driver's form, as the API takes it. */
export function exampleCredential(choices: PartnerChoices): Readonly<Record<string, string>> {
  return choices.auth === "header" ? { apiKey: "…" } : { clientId: "…", clientSecret: "…" };
}

const headerCode = String.raw`auth: {
  kind: "header",
  header: "Authorization",
  prefix: "Bearer ",
  field: "apiKey",
  credential: z.strictObject({ apiKey: z.string().regex(/^[\x21-\x7e]{8,500}$/) }),
},`;

function clientCredentialsCode(tokenUrl: string): string {
  return String.raw`auth: {
  kind: "client-credentials",
  tokenUrl: ${JSON.stringify(tokenUrl)},
  parameters: {},
  tokensPerDay: null,
  credential: z.strictObject({
    clientId: z.string().regex(/^[\x21-\x7e]{4,200}$/),
    clientSecret: z.string().regex(/^[\x21-\x7e]{8,500}$/),
  }),
},`;
}
