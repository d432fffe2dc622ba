import type { Connection } from "./connection-ports.ts";
import type { PartnerDriver, PartnerRequest } from "./define-partner.ts";

/**
 * How a partner is told where to send a connection's webhooks. Each connection registers an address of its own; an address
 * of the app's, which serves all accounts, is registered once by a person, as its secret is kept where no function may write.
 * What the `read` functions are given comes from outside: they parse it by a schema, and throw what that throws.
 */
export interface SubscriptionDriver {
  /** `returned`: the partner makes it up and tells it in the answer to `create`, once. `chosen`: we do, and send it along. */
  readonly secret: "returned" | "chosen";
  /** Whose webhooks come to an address of their own; every connection's unless said. The app's own address serves the others. */
  readonly serves?: (connection: Pick<Connection, "account" | "settings">) => boolean;
  /** What is asked for: the names of the partner's events. */
  readonly events: readonly string[];
  /** All that the account has; at most ten pages are read. */
  readonly list: {
    readonly request: (cursor: string | null) => PartnerRequest;
    readonly read: (body: unknown) => {
      readonly items: readonly RemoteSubscription[];
      readonly next: string | null;
    };
  };
  readonly create: {
    readonly request: (wanted: WantedSubscription) => PartnerRequest;
    readonly read: (body: unknown) => CreatedSubscription;
  };
  /** Puts one right, and gives it a later end where it has one; its secret stays. Left out, it is removed and made anew. */
  readonly renew?: {
    readonly request: (id: string, wanted: Omit<WantedSubscription, "secret">) => PartnerRequest;
    readonly read: (body: unknown) => Pick<CreatedSubscription, "expiresAtMs">;
  };
  readonly remove: (id: string) => PartnerRequest;
}

export interface WantedSubscription {
  readonly url: string;
  readonly events: readonly string[];
  /** Where it is ours to choose. */
  readonly secret: string | null;
}

export interface RemoteSubscription {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  /** The partner sends to it; many switch off what has failed for long. */
  readonly isActive: boolean;
  readonly expiresAtMs: number | null;
}

export interface CreatedSubscription {
  readonly id: string;
  /** null where it was ours to choose. */
  readonly secret: string | null;
  readonly expiresAtMs: number | null;
}

/** How a connection's webhooks are registered; null where a person does it, or where the app's own address serves it. */
export function subscriptionsFor(
  driver: Pick<PartnerDriver, "webhook">,
  connection: Pick<Connection, "account" | "settings">,
): SubscriptionDriver | null {
  const subscriptions = driver.webhook?.subscriptions;
  return subscriptions === undefined || subscriptions.serves?.(connection) === false ? null : subscriptions;
}
