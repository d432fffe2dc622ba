import * as z from "zod";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import { parseJson } from "../../engine/parse-json.ts";
import { candidateOf, formerOf } from "../../engine/oauth/credential-attempt.ts";
import type { CredentialAttempt } from "../../engine/oauth/credential-attempt.ts";
import type { Connection, CredentialFields } from "../../engine/ports.ts";
import { callPartner } from "../call-partner.ts";
import { createConnection } from "../connections/create-connection.ts";
import { probeRequestOf } from "../probe-partner.ts";
import { restField } from "./exchange-code.ts";
import { failedStep } from "./attempt-step.ts";
import type { AttemptWork, Step, TryPorts } from "./attempt-step.ts";

/**
 * Makes the driver's cheapest call with the candidate. Only what the partner has taken becomes a connection's; a
 * connection keeps its account, so that nobody's records are mixed with another account's.
 */
export async function testCandidate(
  ports: TryPorts,
  work: AttemptWork,
  status: Extract<CredentialAttempt["status"], { kind: "trying" }>,
): Promise<Step> {
  const { driver, attempt } = work;
  const { wish } = attempt;
  const replaced = wish.kind === "replace" ? await ports.connections.read(driver.name, wish.connectionId) : null;
  if (wish.kind === "replace" && replaced === null)
    return failedStep("connection-gone", "The connection was removed meanwhile.");
  const sealed = await ports.credentials.read(candidateOf(attempt), { fresh: true });
  // Where the partner has named it already: its paths may need it, and another account's is not tried as this one's.
  const { callback } = status;
  const named = accountOf(driver, { callback, rest: sealed?.fields[restField], probe: null });
  if (replaced !== null && isOther(replaced, named)) return otherAccount(driver);
  const tried = await probeWith(ports, work, replaced ?? stranger(ports, attempt, named));
  if (tried.kind !== "ok") return tried.step;
  // Read after the call: a token that was renewed for it is the one that is good now.
  const candidate = await ports.credentials.read(candidateOf(attempt), { fresh: true });
  if (candidate === null) return failedStep("candidate-gone", "The new credential is not there any more. Begin again.");
  const { [restField]: rest, ...fields } = candidate.fields;
  const account = accountOf(driver, { callback, rest, probe: tried.body });
  if (replaced === null) return connect(ports, work, { account, fields });
  if (isOther(replaced, account)) return otherAccount(driver);
  const former = await ports.credentials.read(replaced, { fresh: true });
  await ports.credentials.overwrite(candidateOf(attempt), fields);
  if (former !== null) await ports.credentials.overwrite(formerOf(attempt), former.fields);
  return { kind: "moved", status: { kind: "replacing" } };
}

function isOther(replaced: Connection, account: string | null): boolean {
  return account !== null && replaced.account !== null && account !== replaced.account;
}

function otherAccount({ title }: PartnerDriver): Step {
  const message = `${title}: that is another account than this connection's. Authorise with the same account, or make a new connection.`;
  return failedStep("other-account", message);
}

type Tried = { readonly kind: "ok"; readonly body: unknown } | { readonly kind: "stopped"; readonly step: Step };

/** The connection's quota, the candidate's credential: what it is refused marks nobody. */
async function probeWith(ports: TryPorts, work: AttemptWork, connection: Connection): Promise<Tried> {
  return probeAs(ports, work, { ...connection, ...candidateOf(work.attempt) });
}

export async function probeAs(ports: TryPorts, work: AttemptWork, connection: Connection): Promise<Tried> {
  const { driver, context } = work;
  const request = probeRequestOf(driver);
  if (request === null) return { kind: "ok", body: null };
  const { deadlineMs } = context;
  const result = await callPartner(ports, { driver, connection, request, lane: "webhooks", deadlineMs });
  if (result.kind === "ok") return result;
  if (result.kind === "wait") return { kind: "stopped", step: result };
  const { error } = result;
  if (error.kind === "transient") return { kind: "stopped", step: { kind: "failed", error, place: "credential" } };
  const code = error.kind === "auth" ? "credential-refused" : error.code;
  return { kind: "stopped", step: failedStep(code, error.message) };
}

async function connect(
  ports: TryPorts,
  { driver, attempt }: AttemptWork,
  { account, fields }: { readonly account: string | null; readonly fields: CredentialFields },
): Promise<Step> {
  if (attempt.wish.kind !== "connect") return failedStep("internal", "Nothing to connect.");
  const { tenantId, wish, actor, attemptId } = attempt;
  const { name, settings } = wish;
  const wanted = { driver, tenantId, name, account, settings, credential: fields, webhookSecret: null };
  // The same attempt again makes the same connection again.
  const created = await createConnection(ports, { ...wanted, seed: attemptId }, actor);
  switch (created.kind) {
    case "created":
      return { kind: "moved", status: { kind: "done", connectionId: created.connection.connectionId } };
    case "account-taken": {
      const message = `${driver.title}: that account is connected already. Authorise that connection again, or delete it first.`;
      return failedStep("account-taken", message);
    }
    case "seed-reused":
      return failedStep("other-account", `${driver.title} named another account than before. Begin again.`);
    case "partner-not-ready":
      return { kind: "wait", untilMs: ports.clock.nowMs() + 60_000, reason: "partner-not-ready" };
  }
}

function accountOf(
  { auth }: PartnerDriver,
  from: {
    readonly callback: Readonly<Record<string, string>>;
    readonly rest: string | undefined;
    readonly probe: unknown;
  },
): string | null {
  const parsed = parseJson(Buffer.from(from.rest ?? "{}"));
  const token = z
    .record(z.string(), z.unknown())
    .catch({})
    .parse(parsed.kind === "json" ? parsed.body : {});
  return auth.account?.({ callback: from.callback, token, probe: from.probe }) ?? null;
}

/** Nobody's connection yet: enough of one to make a call with. */
function stranger(
  ports: TryPorts,
  { partner, attemptId, tenantId }: CredentialAttempt,
  account: string | null,
): Connection {
  const nowMs = ports.clock.nowMs();
  return {
    partner,
    connectionId: attemptId,
    tenantId,
    name: "",
    account,
    settings: {},
    status: "active",
    sealedWebhookSecret: null,
    revision: 0,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
}
