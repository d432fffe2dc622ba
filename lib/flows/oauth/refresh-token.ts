import { usableToken } from "../../engine/access-token.ts";
import type { AuthorizationCode, PartnerDriver } from "../../engine/define-partner.ts";
import type { PartnerError } from "../../engine/errors.ts";
import { lastingToken, withRenewal } from "../../engine/oauth/oauth-credential.ts";
import { beginRefresh, withRefusal } from "../../engine/oauth/refresh-state.ts";
import { requestToken } from "../../engine/oauth/token-answer.ts";
import type { GrantedToken, TokenOutcome } from "../../engine/oauth/token-answer.ts";
import type { Connection, Credential } from "../../engine/ports.ts";
import type { AuthorisePorts } from "../authorise.ts";
import type { Minted } from "../mint-token.ts";
import { askAsApp } from "./ask-as-app.ts";
import { appMissing, credentialLost, refusalOf } from "./oauth-errors.ts";
import { noteRenewal } from "./note-renewal.ts";
import { readApp } from "./read-app.ts";

const sendsMax = 2;
const storesMax = 8;

/**
 * Refreshes a connection's token. That it begins is stored before it is sent; what comes is stored, before anybody uses it,
 * as long as the stored refresh token is still the one that was sent: another's lease, or a later fence, is no reason to
 * throw a good token away. Without an answer it is sent once more. The caller holds the lease.
 */
export async function refreshToken(
  ports: AuthorisePorts,
  driver: PartnerDriver,
  connection: Connection,
  /** The access token that the partner has just refused, if it has. */
  rejected: string | null,
): Promise<Minted> {
  const { auth } = driver;
  const soon: Minted = { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "token" };
  if (auth.kind !== "authorization-code") return soon;
  const app = await readApp(ports, driver);
  if (app === null) return { kind: "failed", error: appMissing(driver) };
  let outcome: TokenOutcome | null = null;
  let otherUntilMs = 0;
  for (let sends = 0; sends < sendsMax; sends++) {
    const used = await ports.credentials.read(connection, { fresh: true });
    if (used === null) return soon;
    // Whoever stood still for longer than the lease finds that it was done without it.
    const usable = usableToken(used.fields, ports.clock.nowMs());
    if (usable !== null && usable !== rejected) return { kind: "minted", fields: used.fields };
    const sent = used.fields["refreshToken"];
    if (sent === undefined) return { kind: "failed", error: credentialLost(driver, "no-refresh-token") };
    const verdict = beginRefresh(used.fields, ports.clock.nowMs());
    if (verdict.kind === "wait")
      return outcome?.kind === "unknown"
        ? failedBy(outcome)
        : { kind: "wait", untilMs: verdict.untilMs, reason: "token" };
    if (verdict.kind === "lost") return { kind: "failed", error: credentialLost(driver, lossOf(verdict.answerLost)) };
    if (sends === 0) otherUntilMs = verdict.otherUntilMs;
    if ((await ports.credentials.replace(connection, used, verdict.fields)) === "superseded") return soon;
    const { transport, clock } = ports;
    const grant = { kind: "refresh", refreshToken: sent } as const;
    outcome = await askAsApp(ports, driver, app, (as) =>
      requestToken({
        driver,
        auth,
        app: as,
        grant,
        nowMs: () => clock.nowMs(),
        send: (request) => transport.send(request),
      }),
    );
    if (outcome.kind === "granted") return store(ports, { driver, auth, connection, sent }, outcome.token);
    if (outcome.kind === "refused") {
      const former = { untilMs: otherUntilMs, answerLost: verdict.otherUntilMs > 0 };
      return refused(ports, { driver, connection, sent }, outcome.code, former);
    }
    if (outcome.kind === "failed") return failedBy(outcome);
  }
  return outcome?.kind === "unknown" ? failedBy(outcome) : soon;
}

interface Sent {
  readonly driver: PartnerDriver;
  readonly connection: Connection;
  /** The refresh token that was sent. */
  readonly sent: string;
}

async function store(
  ports: AuthorisePorts,
  { driver, auth, connection, sent }: Sent & { readonly auth: AuthorizationCode },
  token: GrantedToken,
): Promise<Minted> {
  for (let attempt = 0; attempt < storesMax; attempt++) {
    const stored = await ports.credentials.read(connection, { fresh: true });
    // Another's token, or another credential altogether: ours belongs to the one before.
    if (stored === null || stored.fields["refreshToken"] !== sent) return newer(ports, stored);
    const { assumedLifeMs, scopes: needed } = auth;
    const fields = withRenewal(stored.fields, token, { needed, nowMs: ports.clock.nowMs(), assumedLifeMs });
    if ((await ports.credentials.replace(connection, stored, fields)) === "superseded") continue;
    ports.metrics.count("TokensRefreshed", 1, { partner: driver.name });
    noteRenewal(ports, driver, connection, fields);
    return { kind: "minted", fields };
  }
  return { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "token" };
}

/** Looks again before it says that the credential is lost: somebody else's answer may have been stored meanwhile. */
async function refused(
  ports: AuthorisePorts,
  { driver, connection, sent }: Sent,
  code: string,
  /** An earlier attempt: until when its holder may live, and whether its answer is unknown. */
  former: { readonly untilMs: number; readonly answerLost: boolean },
): Promise<Minted> {
  if (code !== "invalid_grant") return { kind: "failed", error: refusalOf(driver, code) };
  const stored = await ports.credentials.read(connection, { fresh: true });
  if (stored === null || stored.fields["refreshToken"] !== sent) return newer(ports, stored);
  // Noted, it is not sent again for every call. Superseded: whoever was faster has stored something better.
  await ports.credentials.replace(connection, stored, withRefusal(stored.fields));
  if (ports.clock.nowMs() >= former.untilMs)
    return { kind: "failed", error: credentialLost(driver, lossOf(former.answerLost)) };
  return { kind: "wait", untilMs: former.untilMs, reason: "token" };
}

function lossOf(answerLost: boolean): "answer-lost" | "invalid-grant" {
  return answerLost ? "answer-lost" : "invalid-grant";
}

function newer(ports: AuthorisePorts, stored: Credential | null): Minted {
  const nowMs = ports.clock.nowMs();
  const usable = stored !== null && lastingToken(stored.fields, nowMs) !== null;
  return usable ? { kind: "minted", fields: stored.fields } : { kind: "wait", untilMs: nowMs + 1_000, reason: "token" };
}

function failedBy({ error }: { readonly error: PartnerError }): Minted {
  return { kind: "failed", error };
}
