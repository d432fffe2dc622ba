import type { PartnerDriver } from "../../engine/define-partner.ts";
import { OAuthApp } from "../../engine/oauth/oauth-app.ts";
import type { Ports } from "../../engine/ports.ts";

/** Our registration at the partner; null when its secret lacks one. */
export async function readApp(
  ports: Pick<Ports, "partnerSecrets">,
  driver: PartnerDriver,
  options: { readonly fresh: boolean } = { fresh: false },
): Promise<OAuthApp | null> {
  const secret = await ports.partnerSecrets.read(driver.name, options);
  const parsed = OAuthApp.safeParse(secret?.app);
  return parsed.success ? parsed.data : null;
}
