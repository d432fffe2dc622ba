import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Connection, CredentialFields, Ports } from "../../engine/ports.ts";
import { isRenewedTooOften } from "../../engine/renewal-frequency.ts";

/** Counted for the stage as a whole: one alarm hears of it, and which partner and connection it is stands in the log. */
export const credentialAlerts = "CredentialAlerts";

/** Tells of a token that is renewed far more often than its life implies; `fields` hold the new one. */
export function noteRenewal(
  ports: Pick<Ports, "clock" | "metrics" | "log">,
  driver: Pick<PartnerDriver, "name">,
  { connectionId }: Pick<Connection, "connectionId">,
  fields: CredentialFields,
): void {
  if (!isRenewedTooOften(fields, ports.clock.nowMs())) return;
  ports.metrics.count("TokensRenewedTooOften", 1, { partner: driver.name });
  ports.metrics.count(credentialAlerts, 1, {});
  ports.log.warn("a token is renewed far more often than its life implies", { partner: driver.name, connectionId });
}
