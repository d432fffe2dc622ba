import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { CredentialFields } from "../../../lib/engine/ports.ts";

const farMs = 4_000_000_000_000;

/** What signs calls that nobody receives; a token is there already, so that none is bought. */
export function standInCredential(driver: PartnerDriver): CredentialFields {
  return driver.auth.kind === "header"
    ? { [driver.auth.field]: "stand-in" }
    : {
        clientId: "stand-in",
        clientSecret: "stand-in",
        accessToken: "stand-in",
        accessTokenExpiresAtMs: String(farMs),
      };
}
