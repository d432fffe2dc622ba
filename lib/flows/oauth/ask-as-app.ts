import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { OAuthApp } from "../../engine/oauth/oauth-app.ts";
import type { TokenOutcome } from "../../engine/oauth/token-answer.ts";
import type { Ports } from "../../engine/ports.ts";
import { readApp } from "./read-app.ts";

/**
 * Asks a token endpoint as our app. `invalid_client` may only mean that the app's secret was rotated within the minute that it is
 * kept for: it is read again, and where it is another, the call is sent again. Nothing was spent by the first: a server judges the
 * client before the grant (https://www.rfc-editor.org/rfc/rfc6749#section-3.2.1).
 */
export async function askAsApp(
  ports: Pick<Ports, "partnerSecrets">,
  driver: PartnerDriver,
  app: OAuthApp,
  ask: (app: OAuthApp) => Promise<TokenOutcome>,
): Promise<TokenOutcome> {
  const outcome = await ask(app);
  if (outcome.kind !== "refused" || outcome.code !== "invalid_client") return outcome;
  const now = await readApp(ports, driver, { fresh: true });
  const isOther = now !== null && (now.clientId !== app.clientId || now.clientSecret !== app.clientSecret);
  return isOther ? ask(now) : outcome;
}
