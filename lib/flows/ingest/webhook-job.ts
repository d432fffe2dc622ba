import { contentIdOf } from "../../engine/fingerprint.ts";
import { webhookExpiryMs } from "../../engine/job.ts";
import type { Job, WebhookWork } from "../../engine/job.ts";
import { contentIdWith } from "../../engine/webhooks/kept-headers.ts";
import type { KeptHeaders } from "../../engine/webhooks/kept-headers.ts";
import type { ClaimOwner, Ports } from "../../engine/ports.ts";
import type { WebhookRequest } from "./webhook-request.ts";

/** SQS takes 1 MiB with the envelope around it; JSON's escapes make up to six bytes of one, so beyond this the body goes by claim check. */
const inlineBytesMax = 160 * 1024;

/** The one message that a verified webhook becomes. A body that is too large for it is put away first. */
export async function webhookJob(
  claims: Pick<Ports["claims"], "put">,
  request: WebhookRequest,
  kept: KeptHeaders,
  nowMs: number,
): Promise<Job> {
  const { partner, connectionId, headers, rawBody, trace } = request;
  return {
    version: 1,
    // By content: a partner's own retry of a delivery is the same job, and fails into the same failure.
    id: `webhook-${contentIdWith(contentIdOf(rawBody), kept)}`,
    partner,
    connectionId,
    lane: "webhooks",
    attempts: 0,
    hops: 0,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + webhookExpiryMs,
    trace: trace.slice(0, 200),
    replayOf: null,
    work: {
      kind: "webhook",
      receivedAtMs: nowMs,
      contentType: (headers["content-type"] ?? "").slice(0, 200),
      ...(Object.keys(kept).length > 0 && { headers: kept }),
      body: await bodyFor(claims, { partner, connectionId }, rawBody),
    },
  };
}

async function bodyFor(
  claims: Pick<Ports["claims"], "put">,
  owner: ClaimOwner,
  rawBody: Uint8Array,
): Promise<WebhookWork["body"]> {
  if (rawBody.byteLength > inlineBytesMax)
    return { kind: "claim", key: await claims.put(owner, rawBody), bytes: rawBody.byteLength };
  try {
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(rawBody) };
  } catch {
    return { kind: "base64", base64: Buffer.from(rawBody).toString("base64") };
  }
}
