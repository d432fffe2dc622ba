import * as z from "zod";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import { candidateOf, moved } from "../../engine/oauth/credential-attempt.ts";
import type { CredentialAttempt } from "../../engine/oauth/credential-attempt.ts";
import { withGrant } from "../../engine/oauth/oauth-credential.ts";
import { missingScopes } from "../../engine/oauth/scopes.ts";
import { requestToken } from "../../engine/oauth/token-answer.ts";
import type { TokenOutcome } from "../../engine/oauth/token-answer.ts";
import { askAsApp } from "./ask-as-app.ts";
import { unsealFor } from "./attempt-seal.ts";
import { appMissing, refusalOf } from "./oauth-errors.ts";
import { readApp } from "./read-app.ts";
import { failedStep } from "./attempt-step.ts";
import type { AttemptWork, Step, TryPorts } from "./attempt-step.ts";

type ReceivedStatus = Extract<CredentialAttempt["status"], { kind: "received" }>;

const exchangesMax = 2;
/** Whoever began an exchange before that lives no more. */
const lifeMsMax = 90_000;
const restCharsMax = 8_000;
const CodeAndVerifier = z.tuple([z.string(), z.string()]);

/**
 * Exchanges a code, which the partner takes once: that it is sent is stored first, and what comes is sealed before the
 * attempt moves on. Without an answer it is sent once more.
 */
export async function exchangeCode(ports: TryPorts, work: AttemptWork, status: ReceivedStatus): Promise<Step> {
  const { driver, attempt } = work;
  const trying: Step = { kind: "moved", status: { kind: "trying", callback: status.callback } };
  // A worker that died had sealed its tokens already.
  if ((await ports.credentials.read(candidateOf(attempt), { fresh: true })) !== null) return trying;
  const nowMs = ports.clock.nowMs();
  const freeAtMs = status.exchangedAtMs + lifeMsMax;
  if (status.exchanges > 0 && nowMs < freeAtMs) return { kind: "wait", untilMs: freeAtMs, reason: "attempt" };
  if (status.exchanges >= exchangesMax) return codeLost(driver);
  const begun = moved(attempt, { ...status, exchanges: status.exchanges + 1, exchangedAtMs: nowMs });
  if ((await ports.attempts.compareAndSet(begun)) === "superseded")
    return { kind: "wait", untilMs: nowMs + 2_000, reason: "attempt" };
  const outcome = await send(ports, work, status);
  // It is known here that nobody holds an answer: the next may follow at once.
  const again = { ...status, exchanges: status.exchanges + 1, exchangedAtMs: 0 };
  const step: Step =
    outcome.kind === "unknown" && again.exchanges < exchangesMax
      ? { kind: "moved", status: again }
      : await settle(ports, work, outcome, trying);
  return step.kind === "moved" ? { ...step, from: begun } : step;
}

async function send(ports: TryPorts, { driver, attempt }: AttemptWork, status: ReceivedStatus): Promise<TokenOutcome> {
  const { auth } = driver;
  const [secret, app] = [await ports.partnerSecrets.read(driver.name), await readApp(ports, driver)];
  if (auth.kind !== "authorization-code" || secret === null || app === null)
    return { kind: "failed", error: appMissing(driver) };
  const opened: unknown = JSON.parse(unsealFor(attempt, secret.connectionKey, status.sealedCode));
  const [code, verifier] = CodeAndVerifier.parse(opened);
  const grant = { kind: "code", code, verifier, redirectUri: app.redirectUri } as const;
  return askAsApp(ports, driver, app, (as) =>
    requestToken({
      driver,
      auth,
      app: as,
      grant,
      nowMs: () => ports.clock.nowMs(),
      send: (request) => ports.transport.send(request),
    }),
  );
}

async function settle(
  ports: TryPorts,
  { driver, attempt }: AttemptWork,
  outcome: TokenOutcome,
  trying: Step,
): Promise<Step> {
  const { auth, title } = driver;
  switch (outcome.kind) {
    case "unknown":
      return codeLost(driver);
    case "failed":
      return failedStep(outcome.error.code, outcome.error.message);
    case "refused": {
      if (outcome.code !== "invalid_grant") {
        const { code, message } = refusalOf(driver, outcome.code);
        return failedStep(code, message);
      }
      return failedStep("code-refused", `${title} did not take the code: it ran out or was used. Begin again.`);
    }
    case "granted": {
      if (auth.kind !== "authorization-code") return codeLost(driver);
      const missing = missingScopes(auth.scopes, outcome.token.scopes);
      if (missing.length > 0) {
        const message = `${title} granted less than is needed: ${missing.join(", ")} is missing. Begin again and allow all of it.`;
        return failedStep("scopes-missing", message);
      }
      const { assumedLifeMs } = auth;
      const fields = withGrant({}, outcome.token, { nowMs: ports.clock.nowMs(), assumedLifeMs });
      const rest = JSON.stringify(outcome.token.rest);
      const kept = rest.length <= restCharsMax ? { [restField]: rest } : {};
      await ports.credentials.overwrite(candidateOf(attempt), { ...fields, ...kept });
      return trying;
    }
  }
}

/** In the candidate, until it is known which account it is of. */
export const restField = "grantedWith";

function codeLost({ title }: PartnerDriver): Step {
  return failedStep("code-lost", `${title}'s answer to the code got lost, and a code is good once. Begin again.`);
}
