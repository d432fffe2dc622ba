import type { PartnerDriver } from "../../engine/define-partner.ts";
import { moved } from "../../engine/oauth/credential-attempt.ts";
import type { CredentialAttempt } from "../../engine/oauth/credential-attempt.ts";
import type { AttemptWork as AttemptJob } from "../../engine/job.ts";
import { appendAudit } from "../connections/append-audit.ts";
import { done } from "../outcome.ts";
import type { Outcome, WorkContext } from "../outcome.ts";
import type { AttemptWork, Step, TryPorts } from "./attempt-step.ts";
import { subjectOf } from "./begin-attempt.ts";
import { exchangeCode } from "./exchange-code.ts";
import { replaceCredential } from "./replace-credential.ts";
import { testCandidate } from "./test-candidate.ts";

const stepsMax = 10;

/**
 * Takes an attempt from step to step: exchange the code, try the candidate, store it, verify it. Each step can be done
 * again after a crash; another worker on the same attempt finds it moved, and stops.
 */
export async function tryCredential(
  given: TryPorts,
  driver: PartnerDriver,
  work: AttemptJob,
  context: WorkContext,
): Promise<Outcome> {
  const ports: TryPorts = { ...given, audit: auditInLog(given) };
  for (let steps = 0; steps < stepsMax; steps++) {
    const attempt = await ports.attempts.read(driver.name, work.attemptId);
    if (attempt === null) return done;
    if (attempt.status.kind === "done" || attempt.status.kind === "failed") {
      await ports.attempts.forget(attempt);
      return done;
    }
    const step = await stepOf(ports, { driver, attempt, context });
    if (step === null) return done;
    if (step.kind !== "moved") return step;
    await tell(ports, attempt, step.status);
    // Superseded: whoever moved it goes on, or the next round here sees where it is.
    await ports.attempts.compareAndSet(moved(step.from ?? attempt, step.status));
  }
  return { kind: "wait", untilMs: ports.clock.nowMs() + 5_000, reason: "attempt" };
}

async function stepOf(ports: TryPorts, work: AttemptWork): Promise<Step | null> {
  const { status } = work.attempt;
  const nowMs = ports.clock.nowMs();
  switch (status.kind) {
    case "open":
      // The code is stored right after the job was sent, or never.
      return nowMs < status.untilMs ? { kind: "wait", untilMs: nowMs + 2_000, reason: "attempt" } : null;
    case "received":
      return exchangeCode(ports, work, status);
    case "trying":
      return testCandidate(ports, work, status);
    case "replacing":
      return replaceCredential(ports, work);
    case "done":
    case "failed":
      return null;
  }
}

/**
 * The audit log is every partner's, and a partner's functions are held to their own items: they write into no table that
 * they share. Who asked for the attempt is in the audit log, from the API; what became of it is in the attempt and here.
 */
function auditInLog({ log }: Pick<TryPorts, "log">): TryPorts["audit"] {
  return { append: async (entry) => log.info("done for somebody who asked for it in the API", { ...entry }) };
}

/** The end of it. Twice rather than never. */
async function tell(ports: TryPorts, attempt: CredentialAttempt, status: CredentialAttempt["status"]): Promise<void> {
  if (status.kind !== "done" && status.kind !== "failed") return;
  const detail = { attempt: attempt.attemptId, ...(status.kind === "failed" && { code: status.code }) };
  const subject = status.kind === "done" ? status.connectionId : subjectOf(attempt);
  await appendAudit(
    ports,
    attempt.actor,
    `credential.${status.kind === "done" ? "accepted" : "rejected"}`,
    subject,
    detail,
  );
  ports.metrics.count("CredentialAttempts", 1, { partner: attempt.partner, kind: status.kind });
}
