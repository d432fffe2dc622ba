import type { AuthorizationCode, PartnerDriver } from "../../engine/define-partner.ts";
import type { Job } from "../../engine/job.ts";
import { authorizeUrlFor } from "../../engine/oauth/authorize-url.ts";
import { candidateOf } from "../../engine/oauth/credential-attempt.ts";
import type { CredentialAttempt } from "../../engine/oauth/credential-attempt.ts";
import { hashOfState, unguessable } from "../../engine/oauth/pkce.ts";
import type { Connection, CredentialFields, Ports } from "../../engine/ports.ts";
import { appendAudit } from "../connections/append-audit.ts";
import type { Actor } from "../connections/append-audit.ts";
import { sealFor } from "./attempt-seal.ts";
import { readApp } from "./read-app.ts";

export type BeginPorts = Pick<
  Ports,
  "clock" | "random" | "attempts" | "partnerSecrets" | "audit" | "credentials" | "lanes" | "browserUrl"
>;

/** For as long as a person may take at the partner's page. */
const openMs = 600_000;
/** Long enough for an outage, short enough that nobody wonders why a key changes by itself. */
const jobMs = 86_400_000;

export type Begun =
  | { readonly kind: "begun"; readonly url: string; readonly attempt: CredentialAttempt; readonly expiresAtMs: number }
  /** The partner's secret, or our app in it, is not there. */
  | { readonly kind: "partner-not-ready" };

/** Begins an authorisation: stores what the browser will be known by, and says where to send it. */
export async function beginAuthorisation(
  ports: BeginPorts,
  { driver, auth }: { readonly driver: PartnerDriver; readonly auth: AuthorizationCode },
  { tenantId, wish }: Pick<CredentialAttempt, "tenantId" | "wish">,
  actor: Actor,
): Promise<Begun> {
  const secret = await ports.partnerSecrets.read(driver.name);
  const app = await readApp(ports, driver);
  if (secret === null || app === null) return { kind: "partner-not-ready" };
  const state = unguessable(ports.random);
  const verifier = unguessable(ports.random);
  const nowMs = ports.clock.nowMs();
  const key = { partner: driver.name, attemptId: hashOfState(state) };
  const sealedVerifier = sealFor(key, secret.connectionKey, verifier);
  const attempt: CredentialAttempt = {
    ...key,
    tenantId,
    wish,
    status: { kind: "open", untilMs: nowMs + openMs, sealedVerifier },
    actor,
    createdAtMs: nowMs,
    revision: 1,
  };
  await appendAudit(ports, actor, "credential.authorise", subjectOf(attempt), { partner: driver.name });
  await ports.attempts.create(attempt);
  const url = ports.browserUrl(authorizeUrlFor(auth, { ...app, state, verifier }));
  return { kind: "begun", url, attempt, expiresAtMs: nowMs + openMs };
}

/** Begins to replace a connection's credential: the new one is sealed beside it, and a job tries it. */
export async function beginReplacement(
  ports: BeginPorts,
  { partner, connectionId, tenantId }: Connection,
  candidate: CredentialFields,
  actor: Actor,
): Promise<CredentialAttempt> {
  const attempt: CredentialAttempt = {
    partner,
    attemptId: hashOfState(unguessable(ports.random)),
    tenantId,
    wish: { kind: "replace", connectionId },
    status: { kind: "trying", callback: {} },
    actor,
    createdAtMs: ports.clock.nowMs(),
    revision: 1,
  };
  await appendAudit(ports, actor, "credential.replace", connectionId, { attempt: attempt.attemptId });
  // The attempt first: a candidate that belongs to nothing would be found by nobody.
  await ports.attempts.create(attempt);
  await ports.credentials.overwrite(candidateOf(attempt), candidate);
  await ports.lanes.send(attemptJob(attempt, ports.clock.nowMs()), 0);
  return attempt;
}

/** The message that says "go on with this attempt": it carries no code, no token and no key. */
export function attemptJob({ partner, attemptId }: CredentialAttempt, nowMs: number): Job {
  return {
    version: 1,
    id: `attempt-${attemptId}`,
    partner,
    connectionId: null,
    lane: "webhooks",
    attempts: 0,
    hops: 0,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + jobMs,
    trace: attemptId,
    replayOf: null,
    work: { kind: "try-credential", attemptId },
  };
}

export function subjectOf({ wish, attemptId }: Pick<CredentialAttempt, "wish" | "attemptId">): string {
  return wish.kind === "replace" ? wish.connectionId : attemptId;
}
