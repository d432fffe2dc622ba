import type { Construct } from "constructs";
import type { PartnerDriver } from "../engine/define-partner.ts";
import { laneArn, partnerSecretArn } from "./arns.ts";
import { allow, allowItems, type Grant } from "./grants.ts";
import type { Stage } from "./stage.ts";

/**
 * What a try of a credential needs besides a consumer's own: it seals the candidate, removes it, and changes the
 * connection; where a person authorises it makes the connection too, and starts its imports. The API may open no
 * credential and calls no partner, so the consumer of webhooks does this.
 */
export function tryGrants(scope: Construct, stage: Stage, driver: PartnerDriver): Grant[] {
  const { name, auth } = driver;
  const makes = auth.kind === "authorization-code";
  return [
    allowItems(scope, stage, name, "connections", ["UpdateItem", "DeleteItem", "Query"]),
    ...(makes ? [allow("sqs", ["SendMessage"], [laneArn(scope, stage, name, "imports")])] : []),
    ...refreshGrants(scope, stage, driver),
  ];
}

/** A secret that a partner gives for a connection's webhooks is sealed under the connection key, which its secret holds. */
export function subscriptionGrants(scope: Construct, stage: Stage, driver: PartnerDriver): Grant[] {
  const reads = driver.auth.kind === "authorization-code";
  if (driver.webhook?.subscriptions === undefined || reads) return [];
  return [allow("secretsmanager", ["GetSecretValue"], [partnerSecretArn(scope, stage, driver.name)])];
}

/** A refresh token goes with our app's secret. */
export function refreshGrants(scope: Construct, stage: Stage, { name, auth }: PartnerDriver): Grant[] {
  return auth.kind === "authorization-code"
    ? [allow("secretsmanager", ["GetSecretValue"], [partnerSecretArn(scope, stage, name)])]
    : [];
}
