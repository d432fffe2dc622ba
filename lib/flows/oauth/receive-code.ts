import type { PartnerDriver } from "../../engine/define-partner.ts";
import { moved } from "../../engine/oauth/credential-attempt.ts";
import type { CredentialAttempt } from "../../engine/oauth/credential-attempt.ts";
import { hashOfState } from "../../engine/oauth/pkce.ts";
import type { Ports } from "../../engine/ports.ts";
import { sealFor, unsealFor } from "./attempt-seal.ts";
import { attemptJob } from "./begin-attempt.ts";

export type ReceivePorts = Pick<Ports, "clock" | "attempts" | "partnerSecrets" | "lanes">;

export type Received =
  | { readonly kind: "received" }
  /** The person, or the partner, said no. */
  | { readonly kind: "denied" }
  | { readonly kind: "refused"; readonly reason: "unknown" | "expired" | "used" | "no-code" | "not-ready" };

/** Queries have bounds, and what a partner adds (a realm, a shop) is short. */
const callbackMax = 10;
const textMax = 4_000;

/**
 * What a browser brings back: the state opens its attempt once, for its partner alone (each has a redirect URI of its own,
 * which is the defence against mixed-up servers of RFC 9700, section 4.4.2). The exchange is a job on the partner's lane: the
 * API may open no credential and calls no partner, so that a partner that stalls holds up nobody's API. The job is sent
 * before the code is stored: dying in between, it finds none and the browser may come once more.
 */
export async function receiveCode(
  ports: ReceivePorts,
  driver: PartnerDriver,
  query: Readonly<Record<string, string>>,
): Promise<Received> {
  const { state: _state, code, error, iss: _issuer, ...rest } = query;
  const attempt = await attemptOfState(ports, driver, query);
  if (attempt === null) return { kind: "refused", reason: "unknown" };
  if (attempt.status.kind !== "open") return { kind: "refused", reason: "used" };
  if (ports.clock.nowMs() >= attempt.status.untilMs) return { kind: "refused", reason: "expired" };
  if (error !== undefined) return deny(ports, driver, attempt);
  if (code === undefined || code === "" || code.length > textMax) return { kind: "refused", reason: "no-code" };
  const secret = await ports.partnerSecrets.read(driver.name);
  if (secret === null) return { kind: "refused", reason: "not-ready" };
  const verifier = unsealFor(attempt, secret.connectionKey, attempt.status.sealedVerifier);
  await ports.lanes.send(attemptJob(attempt, ports.clock.nowMs()), 1_000);
  const received = moved(attempt, {
    kind: "received",
    sealedCode: sealFor(attempt, secret.connectionKey, JSON.stringify([code, verifier])),
    callback: Object.fromEntries(
      Object.entries(rest)
        .filter(([, value]) => value.length <= textMax)
        .slice(0, callbackMax),
    ),
    exchanges: 0,
    exchangedAtMs: 0,
  });
  // Of two browsers with one state the first is the one.
  return (await ports.attempts.compareAndSet(received)) === "stored"
    ? { kind: "received" }
    : { kind: "refused", reason: "used" };
}

/** The attempt of a state that was used already: whoever has the state may know what became of it. */
export async function attemptOfState(
  ports: Pick<Ports, "attempts">,
  driver: PartnerDriver,
  { state }: Readonly<Record<string, string>>,
): Promise<CredentialAttempt | null> {
  return state === undefined ? null : ports.attempts.read(driver.name, hashOfState(state));
}

async function deny(ports: ReceivePorts, { title }: PartnerDriver, attempt: CredentialAttempt): Promise<Received> {
  const message = `${title} was not authorised: its page said no. Begin again to ask once more.`;
  await ports.attempts.compareAndSet(moved(attempt, { kind: "failed", code: "denied", message }));
  return { kind: "denied" };
}
