import { credentialGiven, lookedAt } from "../../engine/credential-stand.ts";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import type { Connection, CredentialFields, Ports } from "../../engine/ports.ts";
import { seal } from "../../engine/seal.ts";
import { dropRevocation } from "../oauth/revoke-credential.ts";
import { appendAudit } from "./append-audit.ts";
import type { Actor } from "./append-audit.ts";
import { disarmResources } from "./arm-resources.ts";
import { storeActive } from "./store-active.ts";

export type ChangePorts = Pick<
  Ports,
  "clock" | "random" | "connections" | "credentials" | "partnerSecrets" | "audit" | "runs" | "parked"
>;

/** What is absent stays as it is; `settings` are replaced as a whole, but for the driver's `stageSettings`. */
export interface ConnectionChange {
  readonly name?: string | undefined;
  readonly settings?: Readonly<Record<string, string>> | undefined;
  /** Those of the driver's that are changed, by whoever may; the others stay. */
  readonly stageSettings?: Readonly<Record<string, string>> | undefined;
  readonly status?: "active" | "paused" | undefined;
  readonly credential?: CredentialFields | undefined;
  /** A new one is stored already, by whoever tried it. */
  readonly credentialReplaced?: true | undefined;
  /** When the credential ends, where somebody knows; null: nobody does. A new one's is not the former one's. */
  readonly credentialExpiresAtMs?: number | null | undefined;
  /** null: the partner-wide secrets serve again. */
  readonly webhookSecret?: string | null | undefined;
}

export type ChangeResult =
  | { readonly kind: "changed"; readonly connection: Connection }
  | { readonly kind: "gone" }
  | { readonly kind: "partner-not-ready" }
  /** Others changed it each time that it was tried. */
  | { readonly kind: "contended" };

const triesMax = 4;

/**
 * Changes a connection. A new credential is stored before the status that relies on it; a connection that needed one is
 * active again with it. Dying in between, the same change again ends the same.
 */
export async function changeConnection(
  ports: ChangePorts,
  driver: PartnerDriver,
  connection: Pick<Connection, "partner" | "connectionId">,
  change: ConnectionChange,
  actor: Actor,
): Promise<ChangeResult> {
  const { partner, connectionId } = connection;
  const sealing = await sealWebhookSecret(ports, connection, change.webhookSecret);
  if (sealing.kind === "partner-not-ready") return sealing;
  await appendAudit(ports, actor, "connection.change", connectionId, detailOf(change));
  const keepsToken = change.credential !== undefined || change.status === "active";
  if (keepsToken && (await dropRevocation(ports, driver, connection)) === "contended") return { kind: "contended" };
  if (change.credential !== undefined) await ports.credentials.overwrite(connection, change.credential);
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const current = await ports.connections.read(partner, connectionId);
    if (current === null) return gone(ports, connection);
    const next = changed(driver, current, { ...change, sealed: sealing.sealed }, ports.clock.nowMs());
    if ((await store(ports, driver, { current, next, change })) === "stored")
      return { kind: "changed", connection: next };
  }
  return { kind: "contended" };
}

function changed(
  driver: PartnerDriver,
  current: Connection,
  change: ConnectionChange & { readonly sealed: string | null | undefined },
  nowMs: number,
): Connection {
  const { statusReason, ...kept } = current;
  const reconnected = change.credential !== undefined && current.status === "needs-reconnect";
  const status = change.status ?? (reconnected ? "active" : current.status);
  return {
    ...kept,
    // The reason is of the status that it came with.
    ...(statusReason !== undefined && status === current.status && { statusReason }),
    name: change.name ?? current.name,
    settings: settingsOf(driver, current.settings, change),
    status,
    ...(change.sealed !== undefined && withWebhookSecret(current, change.sealed, nowMs)),
    ...standOf(current, change, nowMs),
    revision: current.revision + 1,
    updatedAtMs: nowMs,
  };
}

/** Whoever replaces the settings leaves out those that say whose key it is as easily as not, and calls would go out as somebody else. */
function settingsOf(
  { stageSettings = [] }: PartnerDriver,
  current: Connection["settings"],
  { settings, stageSettings: given = {} }: ConnectionChange,
): Connection["settings"] {
  if (settings === undefined) return current;
  const kept = stageSettings.flatMap((name) => {
    const value = given[name] ?? current[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const others = Object.entries(settings).filter(([name]) => !stageSettings.includes(name));
  return Object.fromEntries([...others, ...kept]);
}

/**
 * The registration at the partner signs with the secret that it was stored with. Its id counts no more with another one:
 * the next look then makes the registration anew. (One that was never looked at is of a former address, and goes by its id.)
 */
function withWebhookSecret(
  { subscription }: Connection,
  sealedWebhookSecret: string | null,
  nowMs: number,
): Partial<Connection> {
  if (subscription === undefined || subscription.checkedAtMs === null) return { sealedWebhookSecret };
  return { sealedWebhookSecret, subscription: { ...subscription, id: null, nextLookMs: nowMs } };
}

function standOf(current: Connection, change: ConnectionChange, nowMs: number): Pick<Connection, "credential"> {
  const { credential, credentialReplaced, credentialExpiresAtMs } = change;
  if (credential !== undefined || credentialReplaced === true)
    return { credential: credentialGiven(credentialExpiresAtMs ?? null, nowMs) };
  if (credentialExpiresAtMs === undefined) return {};
  // Of one that was stored before this was noted nobody knows since when it is there.
  const { storedAtMs } = current.credential ?? { storedAtMs: current.createdAtMs };
  return { credential: lookedAt({ storedAtMs, expiresAtMs: credentialExpiresAtMs, nextLookMs: nowMs }, nowMs) };
}

async function store(
  ports: ChangePorts,
  driver: PartnerDriver,
  { current, next, change }: { current: Connection; next: Connection; change: ConnectionChange },
): Promise<"stored" | "superseded"> {
  // Asking for "active" again is how a resource that the driver has gained gets its place on the schedule.
  const becomesActive = next.status === "active" && (current.status !== "active" || change.status === "active");
  if (becomesActive) return storeActive(ports, driver, next);
  const stored = await ports.connections.compareAndSet(next);
  // Stored first: from then on fan-out starts nothing, and takes off the schedule what a crash here leaves on it.
  if (stored === "stored" && change.status === "paused") await disarmResources(ports, next);
  return stored;
}

/** Somebody deleted it meanwhile, perhaps before a new credential was stored: that must not stay behind. */
async function gone(
  ports: ChangePorts,
  connection: Pick<Connection, "partner" | "connectionId">,
): Promise<{ readonly kind: "gone" }> {
  await ports.connections.remove(connection.partner, connection.connectionId);
  return { kind: "gone" };
}

type Sealing =
  /** undefined: not to be changed. */
  { readonly kind: "sealed"; readonly sealed: string | null | undefined } | { readonly kind: "partner-not-ready" };

async function sealWebhookSecret(
  ports: ChangePorts,
  connection: Pick<Connection, "partner" | "connectionId">,
  webhookSecret: string | null | undefined,
): Promise<Sealing> {
  if (webhookSecret === undefined || webhookSecret === null) return { kind: "sealed", sealed: webhookSecret };
  const secret = await ports.partnerSecrets.read(connection.partner);
  if (secret === null) return { kind: "partner-not-ready" };
  const context = `${connection.partner}#${connection.connectionId}`;
  return { kind: "sealed", sealed: seal(webhookSecret, secret.connectionKey, context) };
}

/** Names of what is changed; a status is the only value that may be told. */
function detailOf(change: ConnectionChange): Readonly<Record<string, string>> {
  const fields = Object.entries(change).flatMap(([field, value]) => (value === undefined ? [] : [field]));
  return { fields: fields.join(","), ...(change.status === undefined ? {} : { status: change.status }) };
}
