import { createHmac } from "node:crypto";
import type { SandboxContext } from "../../local/sandbox/definition.ts";
import type { Delivery, EntryOf, Put, Reference } from "../../local/sandbox/journal-entry.ts";
import type { SignatureInput } from "../../local/sandbox/webhook-sender.ts";
import { planDeliveries, type WebhookOptions } from "../../local/sandbox/webhook-tricks.ts";
import { settingsOf } from "./sandbox-companies.ts";
import type { State } from "./sandbox-objects.ts";
import type { Resource } from "./sandbox-resources.ts";
import { textOf } from "./sandbox-time.ts";

/** The company's latest `modified`: none comes twice, however fast things change. */
const latestType = "_latest";

export interface ChangeOptions {
  readonly webhooks: WebhookOptions;
  /** How many changes of the same control request came before, so that shares are exact over all of them. */
  readonly eventsBefore: number;
  /** The endpoint that caused it, where it was a request of the API. */
  readonly write: EntryOf<"change">["write"];
}

/** One object's new state and the webhook that tells of it, true together or not at all. */
export class Change {
  readonly modified: string;
  readonly micros: number;
  readonly #context: SandboxContext;
  readonly #company: string;
  readonly #options: ChangeOptions;

  constructor(context: SandboxContext, company: string, options: ChangeOptions) {
    const latest = Number(context.objects.get(company, latestType, latestType)?.state["micros"] ?? 0);
    this.micros = Math.max(Math.floor(context.clock.nowMs() * 1_000), latest + 1);
    this.modified = textOf(this.micros);
    this.#context = context;
    this.#company = company;
    this.#options = options;
  }

  commit(resource: Resource, id: string, fields: State): Reference {
    const { objects, clock } = this.#context;
    const state = { ...fields, modified: this.modified };
    const reference: Reference = [resource.type, id, objects.nextRevision(this.#company, resource.type, id)];
    this.#context.record({
      kind: "change",
      atMs: clock.nowMs(),
      account: this.#company,
      puts: [this.#put(resource.type, id, state), this.#put(latestType, latestType, { micros: this.micros })],
      deliveries: resource.hasWebhooks ? [...this.#deliveries(reference, state)] : [],
      saved: null,
      write: this.#options.write,
    });
    return reference;
  }

  #put(type: string, id: string, state: State): Put {
    const revision = this.#context.objects.nextRevision(this.#company, type, id);
    return { type, id, revision, deleted: false, state, about: null };
  }

  /** Deliveries have no id; `modified` stands for one, as it is in the body and never comes twice. */
  #deliveries(reference: Reference, state: State): readonly Delivery[] {
    const { objects, clock } = this.#context;
    const url = settingsOf(objects, this.#company)?.webhookUrl ?? null;
    if (url === null) return [];
    const event = {
      account: this.#company,
      endpoint: this.#company,
      url,
      eventId: this.modified,
      object: reference,
      body: JSON.stringify(payloadOf(state, this.#options.eventsBefore)),
    };
    return planDeliveries(event, this.#options.eventsBefore, this.#options.webhooks, clock.nowMs());
  }
}

/** Whether the whole thing is sent or only what names it is not published: here the two take turns. */
function payloadOf(state: State, index: number): State {
  const { line_items: _, ...whole } = state;
  if (index % 2 === 0) return whole;
  const { number, id, modified } = state;
  return number === undefined ? { id, modified } : { number, status: state["status"], modified };
}

/** `LL-Signature`: base64 of the body's HMAC-SHA256 with the company's webhook key (…/legacy/v2/brands/webhooks/setup). No time is signed. */
export function signatureHeaders(context: SandboxContext, input: SignatureInput): Readonly<Record<string, string>> {
  const key = settingsOf(context.objects, input.account)?.webhookKey ?? "";
  const signature = createHmac("sha256", input.secretIsWrong ? `${key}x` : key)
    .update(input.body)
    .digest("base64");
  return { "ll-signature": signature };
}
