import { usableToken } from "../engine/access-token.ts";
import type { Auth, PartnerDriver } from "../engine/define-partner.ts";
import { PartnerError } from "../engine/errors.ts";
import { lastingToken, takenScopes } from "../engine/oauth/oauth-credential.ts";
import type { Connection, CredentialFields, Ports } from "../engine/ports.ts";
import { mintToken } from "./mint-token.ts";
import { scopesTaken } from "./oauth/oauth-errors.ts";
import { refreshToken } from "./oauth/refresh-token.ts";

export type AuthorisePorts = Pick<
  Ports,
  "clock" | "transport" | "credentials" | "leases" | "metrics" | "log" | "partnerSecrets"
>;

export type Authorised =
  | {
      readonly kind: "authorised";
      readonly fields: CredentialFields;
      readonly headers: Readonly<Record<string, string>>;
      /** What a refusal would be a refusal of: the key, or the access token. */
      readonly token: string;
    }
  | { readonly kind: "wait"; readonly untilMs: number; readonly reason: string }
  | { readonly kind: "failed"; readonly error: PartnerError };

/**
 * Longer than the token endpoint's time-out, so that a live holder does not lose it. A refresh token that may be used only
 * once is behind one that outlives every function: 60 seconds after it began, whoever held it is no more.
 */
const leaseMs: Readonly<Record<Exclude<Auth["kind"], "header">, number>> = {
  "client-credentials": 30_000,
  "authorization-code": 75_000,
};
const lookEveryMs = 500;
const looksMax = 5;

/**
 * What signs a connection's next call. A token is shared by all functions through the credential store and renewed by one
 * of them at a time; `rejected` is a token that the partner has just refused.
 */
export async function authorise(
  ports: AuthorisePorts,
  driver: PartnerDriver,
  connection: Connection,
  rejected: string | null,
): Promise<Authorised> {
  const { auth } = driver;
  const credential = await ports.credentials.read(connection);
  if (credential === null) return { kind: "failed", error: credentialMissing(driver, connection) };
  if (auth.kind === "header") {
    const { fields } =
      rejected === null ? credential : ((await ports.credentials.read(connection, { fresh: true })) ?? credential);
    const value = fields[auth.field] ?? "";
    return { kind: "authorised", fields, headers: { [auth.header]: `${auth.prefix}${value}` }, token: value };
  }
  const kept =
    bearer(credential.fields, rejected, ports.clock.nowMs()) ?? (await storedToken(ports, connection, rejected));
  return judgeScopes(ports, driver, connection, kept ?? (await renew(ports, driver, connection, rejected, auth.kind)));
}

/** By what is stored, so that nobody's death between storing a token and judging it lets one pass that allows too little. */
async function judgeScopes(
  ports: AuthorisePorts,
  driver: PartnerDriver,
  connection: Connection,
  authorised: Authorised,
): Promise<Authorised> {
  if (authorised.kind !== "authorised" || takenScopes(authorised.fields).length === 0) return authorised;
  // What is kept here may be older than a person's new authorisation.
  const fresh = await ports.credentials.read(connection, { fresh: true });
  const taken = takenScopes(fresh?.fields ?? {});
  if (taken.length > 0) return { kind: "failed", error: scopesTaken(driver, taken) };
  return { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "token" };
}

/** The right to renew a connection's token: whoever puts another credential in its place needs it too, or what is being bought is lost. */
export function acquireRenewal(
  { leases }: Pick<Ports, "leases">,
  driver: Pick<PartnerDriver, "name">,
  { connectionId }: Pick<Connection, "connectionId">,
  kind: keyof typeof leaseMs,
): ReturnType<Ports["leases"]["acquire"]> {
  return leases.acquire(`${driver.name}#token#${connectionId}`, leaseMs[kind]);
}

/** Renews behind a lease; whoever does not get it goes on with a token that is still good, or looks for what its holder stores. */
async function renew(
  ports: AuthorisePorts,
  driver: PartnerDriver,
  connection: Connection,
  rejected: string | null,
  kind: keyof typeof leaseMs,
): Promise<Authorised> {
  const lease = await acquireRenewal(ports, driver, connection, kind);
  if (lease.kind === "held") {
    const lasting = await lastingBearer(ports, connection, rejected);
    if (lasting !== null) return lasting;
    for (let look = 0; look < looksMax; look++) {
      await ports.clock.sleep(lookEveryMs);
      const stored = await storedToken(ports, connection, rejected);
      if (stored !== null) return stored;
    }
    return { kind: "wait", untilMs: lease.expiresAtMs, reason: "token" };
  }
  try {
    // The holder before may have stored a token between our look and our lease.
    const stored = await storedToken(ports, connection, rejected);
    if (stored !== null) return stored;
    const bought =
      kind === "client-credentials"
        ? await mintToken(ports, driver, connection)
        : await refreshToken(ports, driver, connection, rejected);
    if (bought.kind !== "minted") return (await lastingBearer(ports, connection, rejected)) ?? bought;
    const wait = { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "token" } as const;
    return bearer(bought.fields, null, ports.clock.nowMs()) ?? wait;
  } finally {
    await ports.leases.release(lease);
  }
}

/** A token that should be renewed and is still good: what keeps it from being renewed keeps nobody from using it. */
async function lastingBearer(
  ports: AuthorisePorts,
  connection: Connection,
  rejected: string | null,
): Promise<Authorised | null> {
  const fresh = await ports.credentials.read(connection, { fresh: true });
  const token = fresh === null ? null : lastingToken(fresh.fields, ports.clock.nowMs());
  if (fresh === null || token === null || token === rejected) return null;
  return { kind: "authorised", fields: fresh.fields, headers: { authorization: `Bearer ${token}` }, token };
}

async function storedToken(
  ports: AuthorisePorts,
  connection: Connection,
  rejected: string | null,
): Promise<Authorised | null> {
  const fresh = await ports.credentials.read(connection, { fresh: true });
  return fresh === null ? null : bearer(fresh.fields, rejected, ports.clock.nowMs());
}

function bearer(fields: CredentialFields, rejected: string | null, nowMs: number): Authorised | null {
  const token = usableToken(fields, nowMs);
  if (token === null || token === rejected) return null;
  return { kind: "authorised", fields, headers: { authorization: `Bearer ${token}` }, token };
}

function credentialMissing(driver: PartnerDriver, connection: Connection): PartnerError {
  return new PartnerError({
    code: "no-credential",
    kind: "auth",
    partner: driver.name,
    message: `${driver.title}: connection ${connection.connectionId} has no credential; store one with PATCH /api/v1/connections/${connection.connectionId}.`,
    cause: { expected: "a stored credential", actual: "none" },
  });
}
