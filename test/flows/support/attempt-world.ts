import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import { beginAuthorisation } from "../../../lib/flows/oauth/begin-attempt.ts";
import { receiveCode } from "../../../lib/flows/oauth/receive-code.ts";
import type { Received } from "../../../lib/flows/oauth/receive-code.ts";
import { consumeJob } from "../../../lib/flows/consume-job.ts";
import type { CredentialAttempt } from "../../../lib/engine/oauth/credential-attempt.ts";
import type { MemoryPorts } from "../../support/memory-ports.ts";
import { gamma } from "./gamma.ts";
import type { GammaServer } from "./gamma.ts";
import { Died, mortal } from "./world.ts";
import type { Death, WorkerPorts } from "./world.ts";

export const actor = { name: "key-1 (tests)", requestId: "request-1" };
const jobsMax = 50;

/** Sends a browser off, for a new connection unless said otherwise. */
export async function begin(
  ports: MemoryPorts,
  wish: CredentialAttempt["wish"] = { kind: "connect", name: "Gamma of tenant 1", settings: { region: "eu" } },
): Promise<{ readonly url: URL; readonly state: string; readonly attemptId: string }> {
  const { auth } = gamma;
  if (auth.kind !== "authorization-code") throw new Error("gamma is connected by a code");
  const begun = await beginAuthorisation(ports, { driver: gamma, auth }, { tenantId: "tenant-1", wish }, actor);
  if (begun.kind !== "begun") throw new Error(begun.kind);
  const url = new URL(begun.url);
  return { url, state: url.searchParams.get("state") ?? "", attemptId: begun.attempt.attemptId };
}

/** A person says yes, and the browser comes back. */
export function comeBack(
  ports: MemoryPorts,
  server: GammaServer,
  url: URL,
  more: Readonly<Record<string, string>> = {},
  driver: PartnerDriver = gamma,
): Promise<Received> {
  const code = server.issueCode(url.searchParams.get("code_challenge") ?? "");
  return receiveCode(ports, driver, { state: url.searchParams.get("state") ?? "", code, ...more });
}

/** Works the lane until the attempt is over; one worker may die, and its message comes again. */
export async function settle(
  ports: MemoryPorts,
  attemptId: string,
  death: Death | null = null,
  partner = "gamma",
): Promise<{ readonly status: CredentialAttempt["status"]; readonly calls: number }> {
  const first = mortal(ports, death);
  let worker: WorkerPorts = first.ports;
  for (let jobs = 0; jobs < jobsMax; jobs++) {
    const nextMs = Math.min(...ports.lanes.messages.map((message) => message.dueAtMs));
    if (!Number.isFinite(nextMs)) break;
    ports.clock.set(Math.max(nextMs, ports.clock.nowMs()));
    for (const job of ports.lanes.take("webhooks", ports.clock.nowMs())) {
      if (job.work.kind !== "try-credential") continue;
      try {
        await consumeJob(worker, job, { workerId: "worker", deadlineMs: ports.clock.nowMs() + 25_000 });
      } catch (error) {
        if (!(error instanceof Died)) throw error;
        worker = ports;
        await ports.lanes.send(job, 180_000);
      }
    }
    ports.lanes.take("imports", Number.MAX_SAFE_INTEGER);
  }
  const attempt = await ports.attempts.read(partner, attemptId);
  if (attempt === null) throw new Error("the attempt is not there");
  return { status: attempt.status, calls: first.calls() };
}
