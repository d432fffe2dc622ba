import { definePartner } from "../../../lib/engine/define-partner.ts";
import type { PartnerDriver } from "../../../lib/engine/define-partner.ts";
import type { PublishedKeys } from "../../../lib/engine/signatures/published-keys.ts";
import type { KeyedVerifier } from "../../../lib/engine/signatures/verifier.ts";
import { ingestWebhook } from "../../../lib/flows/ingest-webhook.ts";
import type { VerifyPublished } from "../../../lib/flows/ingest/verify-request.ts";
import { acme } from "../../flows/support/acme.ts";
import { createMemoryPorts } from "../../support/memory-ports.ts";
import type { Post } from "./post.ts";

/** What the door did with one post. */
export interface Handled {
  readonly status: number;
  /** The messages that it sent, with the bodies in them. */
  readonly queued: readonly Uint8Array[];
}

/** The real flow on ports in memory, with a driver whose verifier is that of the post at hand. */
export class Door {
  #verifier: KeyedVerifier = () => ({ ok: false, reason: "no-secret" });
  #key: string | null = null;
  /** The post's own key, for whatever id: no two posts share one. */
  readonly #verifyPublished: VerifyPublished = async (_, { verify }, request) =>
    verify({ ...request, keys: () => this.#key });
  readonly #ports = createMemoryPorts({ partners: [this.#driver()] });

  async post(post: Post, verifier: KeyedVerifier): Promise<Handled> {
    this.#verifier = verifier;
    this.#key = post.key;
    this.#ports.clock.set(post.nowMs);
    this.#ports.partnerSecrets.set("acme", { connectionKey: "key", webhookSecrets: [...post.secrets], app: {} });
    const { headers, rawBody, url, method } = post;
    const request = { partner: "acme", connectionId: null, headers, rawBody, url, method, trace: "fuzz" };
    const { status } = await ingestWebhook({ ...this.#ports, verifyPublished: this.#verifyPublished }, request);
    const queued = this.#ports.lanes.sent.map(({ job }) => bodyIn(job.work));
    // A million posts would fill the memory that these keep them in.
    for (const kept of [this.#ports.lanes.sent, this.#ports.lanes.messages, this.#ports.metrics.counts])
      kept.length = 0;
    return { status, queued };
  }

  #driver(): PartnerDriver {
    const { webhook } = acme;
    if (webhook === undefined) throw new Error("acme has no webhook");
    const keys: PublishedKeys = {
      request: () => ({ method: "GET", path: "/keys", query: {}, endpoint: "GET /keys" }),
      read: () => ({ kind: "unreadable" }),
    };
    const verify: KeyedVerifier = (request) => this.#verifier(request);
    return definePartner({ ...acme, webhook: { ...webhook, verify: { kind: "published-keys", verify, keys } } });
  }
}

function bodyIn(work: { readonly kind: string; readonly body?: unknown }): Uint8Array {
  const body = work.body;
  if (typeof body !== "object" || body === null) throw new Error("a job without a body");
  if ("text" in body && typeof body.text === "string") return new TextEncoder().encode(body.text);
  if ("base64" in body && typeof body.base64 === "string") return Buffer.from(body.base64, "base64");
  throw new Error("a body by claim check, which no post here is large enough for");
}
