import { credentialGiven } from "../../engine/credential-stand.ts";
import { candidateOf, formerOf } from "../../engine/oauth/credential-attempt.ts";
import type { Connection, Credential, CredentialFields } from "../../engine/ports.ts";
import { changeConnection } from "../connections/change-connection.ts";
import { changeItem } from "../subscriptions/change-connection-item.ts";
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
  const former = await ports.credentials.read(formerOf(attempt), { fresh: true });
  const committed = await commit(ports, work, connection, former, candidate.fields);
  if (committed !== "committed") return committed;
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

async function commit(
  ports: TryPorts,
  { driver, attempt }: AttemptWork,
  connection: Connection,
  former: Credential | null,
  candidate: CredentialFields,
): Promise<"committed" | Step> {
  const stored = await ports.credentials.read(connection, { fresh: true });
  if (stored?.fields[attemptField] === attempt.attemptId) return "committed";
  const { auth, title } = driver;
  // Tokens come and go; a key that is another now is somebody's wish, and a later one.
  if (auth.kind === "header" && stored?.fields[auth.field] !== former?.fields[auth.field])
    return failedStep(
      "changed-meanwhile",
      `${title}: others changed this connection's credential meanwhile. Begin again.`,
    );
  const next = { ...candidate, [attemptField]: attempt.attemptId };
  if ((await ports.credentials.replace(connection, stored, next)) === "stored") return "committed";
  return { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "attempt" };
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
