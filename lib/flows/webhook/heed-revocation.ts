import type { PartnerDriver } from "../../engine/define-partner.ts";
import { PartnerError } from "../../engine/errors.ts";
import type { Connection, Ports } from "../../engine/ports.ts";
import { callPartner } from "../call-partner.ts";
import type { CallPorts, PartnerCall } from "../call-partner.ts";
import { needReconnect } from "../need-reconnect.ts";
import { done } from "../outcome.ts";
import type { Outcome } from "../outcome.ts";
import { probeRequestOf } from "../probe-partner.ts";
import { webhookPlace } from "./failed-webhook.ts";

type Heeding = CallPorts & Pick<Ports, "connections">;

const againMs = 2_000;

/**
 * The partner tells that a connection's authorisation was taken away. It may be late, or somebody else's word where nothing is
 * signed: so the partner is asked, and what ends the connection is its refusal. Beside such an event a 403 is one, too. `stands`: the
 * credential is taken.
 */
export async function heedRevocation(
  ports: Heeding,
  driver: PartnerDriver,
  connection: Connection,
  limits: Pick<PartnerCall, "lane" | "deadlineMs">,
): Promise<Outcome | "stands"> {
  const request = probeRequestOf(driver);
  if (request === null) return "stands";
  const result = await callPartner(ports, { driver, connection, request, ...limits });
  if (result.kind === "wait") return result;
  if (result.kind === "ok") {
    ports.log.info("a partner told of a revocation, and takes the credential", namesOf(connection));
    return "stands";
  }
  if (result.error.kind !== "auth") return { kind: "failed", error: result.error, place: webhookPlace };
  await needReconnect(ports, driver, connection, takenAway(driver, result.error));
  const current = await ports.connections.read(driver.name, connection.connectionId);
  // Something else of it was changed meanwhile, and what was refused may be a former credential: asked again as it is now.
  const isMarked = current === null || current.status !== "active";
  return isMarked ? done : { kind: "wait", untilMs: ports.clock.nowMs() + againMs, reason: "changed-meanwhile" };
}

function namesOf({ partner, connectionId }: Connection): Readonly<Record<string, string>> {
  return { partner, connectionId };
}

function takenAway({ name, title }: PartnerDriver, { cause }: PartnerError): PartnerError {
  return new PartnerError({
    code: "credential-refused",
    kind: "auth",
    partner: name,
    message: `${title} told that this connection's authorisation was taken away, and refuses its calls.`,
    cause,
  });
}
