import { makeConnectionId } from "../../engine/connection-id.ts";
import { credentialGiven } from "../../engine/credential-stand.ts";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Connection, CredentialFields, Ports } from "../../engine/ports.ts";
import { fingerprintOf } from "../../engine/fingerprint.ts";
import { seal } from "../../engine/seal.ts";
import { startRun } from "../start-run.ts";
import type { StartPorts } from "../start-run.ts";
import { appendAudit } from "./append-audit.ts";
import type { Actor } from "./append-audit.ts";
import { seededRandom } from "./seeded-random.ts";
import { storeActive } from "./store-active.ts";

export type CreatePorts = StartPorts & Pick<Ports, "parked" | "credentials" | "partnerSecrets" | "audit" | "log">;

export interface NewConnection {
  readonly driver: PartnerDriver;
  readonly tenantId: string;
  readonly name: string;
  readonly account: string | null;
  readonly settings: Readonly<Record<string, string>>;
  /** Parsed by the driver's schema. */
  readonly credential: CredentialFields;
  /** When the credential ends, where whoever gives it knows. */
  readonly credentialExpiresAtMs?: number | null;
  readonly webhookSecret: string | null;
  /**
   * The same for the same call again, which then finds what the first one began, and nobody else's; null: every call makes
   * one of its own.
   */
  readonly seed: string | null;
}

export type CreateResult =
  | { readonly kind: "created"; readonly connection: Connection }
  | { readonly kind: "account-taken"; readonly connectionId: string }
  /** Another connection was made from this seed. */
  | { readonly kind: "seed-reused" }
  /** The partner's secret, which keys the connection's id, is not there. */
  | { readonly kind: "partner-not-ready" };

/**
 * Makes a connection, and starts its first imports. Its `meta` is written first and says "needs-reconnect" until the
 * credential and the schedule are there: whatever dies in between leaves a connection that everybody can see, that does
 * nothing, and that a new credential mends or a DELETE removes. The other way round a crash would leave a credential or
 * a schedule that belongs to nothing and that nobody finds.
 */
export async function createConnection(ports: CreatePorts, wanted: NewConnection, actor: Actor): Promise<CreateResult> {
  const { driver } = wanted;
  const secret = await ports.partnerSecrets.read(driver.name);
  if (secret === null) return { kind: "partner-not-ready" };
  const connection = newConnection(ports, wanted, secret.connectionKey);
  await appendAudit(ports, actor, "connection.create", connection.connectionId, {
    // An audit log forgets nothing, and a tenant may have to be forgotten: who knows its id finds the entry by this.
    tenant: fingerprintOf([wanted.tenantId]),
  });
  if ((await ports.connections.create(connection)) === "created") return complete(ports, wanted, connection);

  const mine = await ports.connections.read(driver.name, connection.connectionId);
  if (mine !== null) return resume(ports, wanted, mine);
  const { account } = wanted;
  const holder = account === null ? null : await ports.connections.findByAccount(driver.name, account);
  if (holder !== null) return { kind: "account-taken", connectionId: holder.connectionId };
  // The id that follows from the seed is of one that was deleted, and is not given again.
  const { connectionId } = connection;
  if (await ports.connections.isGone(driver.name, { connectionId })) return { kind: "seed-reused" };
  throw new Error(`Connection ${connectionId} could neither be made nor found; ask again.`);
}

/** The same call again: finishes what the first one began, or finds it finished. */
async function resume(ports: CreatePorts, wanted: NewConnection, mine: Connection): Promise<CreateResult> {
  if (mine.tenantId !== wanted.tenantId || mine.account !== wanted.account) return { kind: "seed-reused" };
  const unfinished = mine.status === "needs-reconnect" && mine.revision === 1;
  return unfinished ? complete(ports, wanted, mine) : { kind: "created", connection: mine };
}

async function complete(ports: CreatePorts, wanted: NewConnection, begun: Connection): Promise<CreateResult> {
  await ports.credentials.overwrite(begun, wanted.credential);
  const credential = credentialGiven(wanted.credentialExpiresAtMs ?? null, ports.clock.nowMs());
  const active: Connection = { ...begun, status: "active", credential, revision: begun.revision + 1 };
  if ((await storeActive(ports, wanted.driver, active)) === "superseded") {
    const changed = await ports.connections.read(begun.partner, begun.connectionId);
    return { kind: "created", connection: changed ?? begun };
  }
  await startFirstImports(ports, wanted.driver, active);
  return { kind: "created", connection: active };
}

/** The schedule would start them within a minute, as it does when this fails: the slot is the same, so it is one run. */
async function startFirstImports(ports: CreatePorts, driver: PartnerDriver, connection: Connection): Promise<void> {
  for (const state of await ports.connections.listResources(connection.partner, connection.connectionId)) {
    if (state.nextDueMs === null) continue;
    const slot = String(state.nextDueMs);
    try {
      await startRun(ports, { driver, connection, state, mode: null, trigger: "connected", slot });
    } catch (error) {
      const { connectionId, resource } = state;
      ports.log.warn("a first import waits for the schedule", { connectionId, resource, error });
    }
  }
}

function newConnection(ports: CreatePorts, wanted: NewConnection, connectionKey: string): Connection {
  const { driver, seed, webhookSecret } = wanted;
  const random = seed === null ? ports.random : seededRandom([connectionKey, "connection", seed]);
  const connectionId = makeConnectionId(driver.name, connectionKey, random);
  const nowMs = ports.clock.nowMs();
  return {
    partner: driver.name,
    connectionId,
    tenantId: wanted.tenantId,
    name: wanted.name,
    account: wanted.account,
    settings: wanted.settings,
    status: "needs-reconnect",
    sealedWebhookSecret:
      webhookSecret === null ? null : seal(webhookSecret, connectionKey, `${driver.name}#${connectionId}`),
    revision: 1,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}
