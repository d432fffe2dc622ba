import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { CredentialFields } from "../../../lib/engine/ports.ts";

const farMs = 4_000_000_000_000;

/** What signs calls that nobody receives; a token is there already, so that none is bought. */
export function standInCredential(driver: PartnerDriver): CredentialFields {
  const { auth } = driver;
  switch (auth.kind) {
    case "header":
      return { [auth.field]: "stand-in" };
    case "client-credentials":
      return { clientId: "stand-in", clientSecret: "stand-in", ...lasting("stand-in") };
    case "authorization-code":
      return lasting("stand-in");
  }
}

/** An access token that nothing renews: it is used until it is refused. */
export function lasting(accessToken: string): CredentialFields {
  return { accessToken, accessTokenExpiresAtMs: String(farMs), accessTokenEndsAtMs: String(farMs) };
}
