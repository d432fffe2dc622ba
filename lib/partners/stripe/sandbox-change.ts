import type { SandboxContext } from "../../local/sandbox/definition.ts";
import type { Delivery, Put, Reference, SavedAnswer } from "../../local/sandbox/journal-entry.ts";
import { planDeliveries, type WebhookOptions } from "../../local/sandbox/webhook-tricks.ts";
import { endpointsFor } from "./sandbox-endpoints.ts";
import { stripeId } from "./sandbox-ids.ts";
import type { State } from "./sandbox-objects.ts";
import { accountVersion } from "./sandbox-versions.ts";

/** An event as the control endpoints tell of it. */
export interface MadeEvent {
  readonly id: string;
  readonly type: string;
  readonly object: Reference;
  readonly deliveries: number;
}

export interface ChangeOptions {
  readonly webhooks: WebhookOptions;
  /** How many events of the same control request came before, so that shares are exact over all of them. */
  readonly eventsBefore: number;
  /** Makes neither events nor webhooks. */
  readonly silent?: boolean;
  /** The API request that caused the change, as events name it. */
  readonly request: { readonly id: string; readonly idempotencyKey: string | null } | null;
}

/** Objects, events and webhooks that become true together or not at all. */
export class Change {
  readonly events: MadeEvent[] = [];
  readonly #context: SandboxContext;
  readonly #account: string;
  readonly #atMs: number;
  readonly #options: ChangeOptions;
  readonly #puts: Put[] = [];
  readonly #deliveries: Delivery[] = [];

  constructor(context: SandboxContext, account: string, options: ChangeOptions) {
    this.#context = context;
    this.#account = account;
    this.#atMs = context.clock.nowMs();
    this.#options = options;
  }

  /** Unix seconds, never before the newest object of the type: lists are ordered by it. */
  createdNow(type: string): number {
    const newest = this.#context.objects.list(this.#account, type).at(-1)?.state["created"];
    const nowSeconds = Math.floor(this.#atMs / 1_000);
    return typeof newest === "number" ? Math.max(newest, nowSeconds) : nowSeconds;
  }

  put(type: string, id: string, state: State, more: { deleted?: boolean; about?: Reference } = {}): Reference {
    const revision = this.#context.objects.nextRevision(this.#account, type, id);
    this.#puts.push({ type, id, revision, deleted: more.deleted ?? false, state, about: more.about ?? null });
    return [type, id, revision];
  }

  /** An event with the object as it is now, and its webhooks (docs.stripe.com/api/events/object). */
  emit(type: string, object: Reference, state: State, previous?: State): void {
    if (this.#options.silent === true) return;
    const made = this.events.length;
    const index = this.#context.objects.created(this.#account, "event") + made;
    const id = stripeId("evt", this.#account, index);
    const endpoints = endpointsFor(this.#context.objects, this.#account, type);
    const { webhooks, request, eventsBefore } = this.#options;
    const event = {
      id,
      object: "event",
      api_version: accountVersion,
      created: this.createdNow("event"),
      data: { object: state, ...(previous === undefined ? {} : { previous_attributes: previous }) },
      livemode: false,
      pending_webhooks: endpoints.length,
      request: { id: request?.id ?? null, idempotency_key: request?.idempotencyKey ?? null },
      type,
    };
    this.put("event", id, event, { about: object });
    const deliveries = endpoints.flatMap(({ id: endpoint, url, connect }) =>
      planDeliveries(
        {
          account: this.#account,
          endpoint,
          url,
          eventId: id,
          object,
          body: bodyOf(event, connect ? this.#account : null),
        },
        eventsBefore + made,
        webhooks,
        this.#atMs,
      ),
    );
    this.#deliveries.push(...deliveries);
    this.events.push({ id, type, object, deliveries: deliveries.length });
  }

  commit(more: { saved?: SavedAnswer; write?: { endpoint: string; idempotencyKey: string | null } } = {}): void {
    this.#context.record({
      kind: "change",
      atMs: this.#atMs,
      account: this.#account,
      puts: this.#puts,
      deliveries: this.#deliveries,
      saved: more.saved ?? null,
      write: more.write ?? null,
    });
  }
}

/** To a platform's endpoint an event says which connected account it is of (docs.stripe.com/connect/webhooks). */
function bodyOf(event: object, account: string | null): string {
  return JSON.stringify(account === null ? event : { ...event, account }, null, 2);
}
