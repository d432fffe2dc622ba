import { credentialGiven } from "../../engine/credential-stand.ts";
import { candidateOf, formerOf } from "../../engine/oauth/credential-attempt.ts";
import type { Auth } from "../../engine/define-partner.ts";
import type { Connection, Credential, CredentialFields } from "../../engine/ports.ts";
import { acquireRenewal } from "../authorise.ts";
import { changeConnection } from "../connections/change-connection.ts";
import { changeItem } from "../subscriptions/change-connection-item.ts";
import { dropRevocation } from "./revoke-credential.ts";
import { probeAs } from "./test-candidate.ts";
import { failedStep } from "./attempt-step.ts";
import type { AttemptWork, Step, TryPorts } from "./attempt-step.ts";

/**
 * Stores a candidate that the partner has taken, verifies it as it is stored, and puts the former one back where that
 * fails. What was there is sealed beside the attempt before this begins, so that a crash at any point can be taken up.
 */
export async function replaceCredential(ports: TryPorts, work: AttemptWork): Promise<Step> {
  const { driver, attempt } = work;
  if (attempt.wish.kind !== "replace") return failedStep("internal", "Nothing to replace.");
  const connection = await ports.connections.read(driver.name, attempt.wish.connectionId);
  const candidate = await ports.credentials.read(candidateOf(attempt), { fresh: true });
  if (connection === null || candidate === null)
    return failedStep("connection-gone", "The connection was removed meanwhile.");
  const committed = await commit(ports, work, connection, candidate.fields);
  if (committed !== "committed") return committed;
  const former = await ports.credentials.read(formerOf(attempt), { fresh: true });
  // Revision 0: what comes of this call is told here, and marks nothing.
  const verified = await probeAs(ports, work, { ...connection, revision: 0 });
  if (verified.kind === "ok") return activate(ports, work, connection);
  const { step } = verified;
  if (step.kind !== "moved" || step.status.kind !== "failed") return step;
  const rolledBack = former !== null && (await putBack(ports, work, connection, former.fields));
  const what = rolledBack ? "the former one is back" : "the former one could not be put back";
  return failedStep(
    "not-verified",
    `The new credential was taken once and then refused; ${what}. ${step.status.message}`,
  );
}

/** In what an attempt stored, through every refresh of it since: done again after a crash, it is known to be there. */
const attemptField = "attempt";

/** Behind the lease of whoever renews tokens: what is set aside is then what is good, and nobody is buying another with it. */
async function commit(
  ports: TryPorts,
  work: AttemptWork,
  connection: Connection,
  candidate: CredentialFields,
): Promise<"committed" | Step> {
  const { driver, attempt } = work;
  const { auth } = driver;
  const stored = await ports.credentials.read(connection, { fresh: true });
  if (stored?.fields[attemptField] === attempt.attemptId) return "committed";
  if (auth.kind === "header") return commitKey(ports, work, { connection, stored, candidate, auth });
  const lease = await acquireRenewal(ports, driver, connection, auth.kind);
  if (lease.kind === "held") return { kind: "wait", untilMs: lease.expiresAtMs, reason: "attempt" };
  try {
    const former = await ports.credentials.read(connection, { fresh: true });
    if (former !== null) await ports.credentials.overwrite(formerOf(attempt), former.fields);
    return await put(ports, work, { connection, stored: former, candidate });
  } finally {
    await ports.leases.release(lease);
  }
}

interface Putting {
  readonly connection: Connection;
  readonly stored: Credential | null;
  readonly candidate: CredentialFields;
}

/** Tokens come and go; a key that is another than when the new one was tried is somebody's wish, and a later one. */
async function commitKey(
  ports: TryPorts,
  work: AttemptWork,
  { auth, ...putting }: Putting & { readonly auth: Extract<Auth, { kind: "header" }> },
): Promise<"committed" | Step> {
  const { driver, attempt } = work;
  const former = await ports.credentials.read(formerOf(attempt), { fresh: true });
  if (putting.stored?.fields[auth.field] === former?.fields[auth.field]) return put(ports, work, putting);
  const message = `${driver.title}: others changed this connection's credential meanwhile. Begin again.`;
  return failedStep("changed-meanwhile", message);
}

async function put(
  ports: TryPorts,
  { driver, attempt }: AttemptWork,
  { connection, stored, candidate }: Putting,
): Promise<"committed" | Step> {
  const later: Step = { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "attempt" };
  if ((await dropRevocation(ports, driver, connection)) === "contended") return later;
  const next = { ...candidate, [attemptField]: attempt.attemptId };
  return (await ports.credentials.replace(connection, stored, next)) === "stored" ? "committed" : later;
}

async function putBack(
  ports: TryPorts,
  { attempt }: AttemptWork,
  connection: Connection,
  former: CredentialFields,
): Promise<boolean> {
  const stored = await ports.credentials.read(connection, { fresh: true });
  if (stored === null || stored.fields[attemptField] !== attempt.attemptId) return false;
  return (await ports.credentials.replace(connection, stored, former)) === "stored";
}

/** What waited for a credential goes on; what a person paused stays so. */
async function activate(ports: TryPorts, { driver, attempt }: AttemptWork, connection: Connection): Promise<Step> {
  if (connection.status === "needs-reconnect") {
    const change = { status: "active", credentialReplaced: true } as const;
    const changed = await changeConnection(ports, driver, connection, change, attempt.actor);
    if (changed.kind === "contended") return { kind: "wait", untilMs: ports.clock.nowMs() + 2_000, reason: "attempt" };
  } else {
    await changeItem(ports, connection, (current, nowMs) => ({ ...current, credential: credentialGiven(null, nowMs) }));
  }
  return { kind: "moved", status: { kind: "done", connectionId: connection.connectionId } };
}
