import { warningOf } from "../../engine/credential-stand.ts";
import type { Connection, ResourceState } from "../../engine/ports.ts";
import { heldOf } from "./held-of.ts";
import type { ApiPorts } from "./request.ts";
import { runView } from "./runs.ts";
import { isoTime } from "./time.ts";

/** A connection without its secrets: of a webhook secret it says that there is one, of a credential how old it is. */
export function connectionView(
  ports: Pick<ApiPorts, "clock" | "partners">,
  connection: Connection,
): Readonly<Record<string, unknown>> {
  return {
    id: connection.connectionId,
    partner: connection.partner,
    tenantId: connection.tenantId,
    name: connection.name,
    account: connection.account,
    settings: connection.settings,
    status: connection.status,
    statusReason: connection.statusReason ?? null,
    credential: credentialView(ports, connection),
    hasWebhookSecret: connection.sealedWebhookSecret !== null,
    webhookPath: `/webhooks/${connection.partner}/${connection.connectionId}`,
    createdAt: isoTime(connection.createdAtMs),
    updatedAt: isoTime(connection.updatedAtMs),
  };
}

/** null: none is stored, or one was before this was noted. */
function credentialView(
  ports: Pick<ApiPorts, "clock" | "partners">,
  { partner, credential }: Connection,
): Readonly<Record<string, unknown>> | null {
  const driver = ports.partners.find(partner);
  if (credential === undefined || driver === null) return null;
  return {
    storedAt: isoTime(credential.storedAtMs),
    expiresAt: isoTime(credential.expiresAtMs),
    warning: warningOf(credential, driver.auth, ports.clock.nowMs()),
  };
}

/** The same with how each resource stands. */
export async function connectionDetail(
  ports: Pick<ApiPorts, "clock" | "connections" | "control" | "partners" | "runs">,
  connection: Connection,
): Promise<Readonly<Record<string, unknown>>> {
  const [states, held] = await Promise.all([
    ports.connections.listResources(connection.partner, connection.connectionId),
    heldOf(ports, connection),
  ]);
  const resources = await Promise.all(states.map((state) => resourceView(ports, state)));
  const hasWebhooks = ports.partners.find(connection.partner)?.webhook !== undefined;
  const view = connectionView(ports, connection);
  return { ...view, webhookPath: hasWebhooks ? view["webhookPath"] : null, held, resources };
}

async function resourceView(
  ports: Pick<ApiPorts, "partners" | "runs">,
  state: ResourceState,
): Promise<Readonly<Record<string, unknown>>> {
  const { partner, connectionId, activeRunId, lastError } = state;
  const run = activeRunId === null ? null : await ports.runs.read(partner, connectionId, activeRunId);
  const resource = ports.partners.find(partner)?.resources[state.resource];
  return {
    resource: state.resource,
    model: resource?.model.name ?? null,
    lastSuccessAt: isoTime(state.succeededAtMs),
    lastError: lastError === null ? null : { at: isoTime(lastError.atMs), code: lastError.code, kind: lastError.kind },
    nextDueAt: isoTime(state.nextDueMs),
    watermark: isoTime(state.watermarkMs),
    lastFullPassAt: isoTime(state.fullPassAtMs),
    activeRun: run === null || run.status.kind !== "active" ? null : runView(run),
  };
}
