import type { PartnerDriver } from "../engine/define-partner.ts";
import type { PartnerError } from "../engine/errors.ts";
import type { Connection, Ports } from "../engine/ports.ts";
import type { CallResult } from "./call-partner.ts";

export type ReconnectPorts = Pick<Ports, "clock" | "metrics" | "log"> & {
  readonly connections: Pick<Ports["connections"], "read" | "compareAndSet">;
};

/** Says that the credential itself is not taken any more: a 403 may be about the one thing that was asked for. */
const revokedCodes: readonly string[] = ["http-401", "credential-refused", "no-credential"];

export function saysRevoked(result: CallResult): result is Extract<CallResult, { kind: "failed" }> {
  return result.kind === "failed" && result.error.kind === "auth" && revokedCodes.includes(result.error.code);
}

/**
 * Says of a connection that it needs a new credential: from then on nothing is started or called for it, so that a revoked
 * key is one failure and not one for every import. A new credential makes it active again.
 */
export async function needReconnect(
  ports: ReconnectPorts,
  driver: Pick<PartnerDriver, "auth">,
  connection: Connection,
  error: PartnerError,
): Promise<void> {
  const { partner, connectionId } = connection;
  const current = await ports.connections.read(partner, connectionId);
  // Paused, removed, or changed since the call was made, perhaps by the very credential that it lacked: the next call says.
  if (current === null || current.status !== "active" || current.revision !== connection.revision) return;
  const next: Connection = {
    ...current,
    status: "needs-reconnect",
    statusReason: `${error.message} ${actionFor(driver, connectionId)}`,
    revision: current.revision + 1,
    updatedAtMs: ports.clock.nowMs(),
  };
  if ((await ports.connections.compareAndSet(next)) === "superseded") return;
  ports.metrics.count("ConnectionsLost", 1, { partner });
  ports.log.warn("a connection needs a new credential", { partner, connectionId, code: error.code });
}

function actionFor({ auth }: Pick<PartnerDriver, "auth">, connectionId: string): string {
  return auth.kind === "authorization-code"
    ? `Let its owner authorise it again: POST /api/v1/connections/${connectionId}/authorize.`
    : `Store a credential that works: PATCH /api/v1/connections/${connectionId}.`;
}
