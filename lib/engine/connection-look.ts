import type { Connection } from "./connection-ports.ts";

/** When a connection is to be looked at by itself, for its webhooks' sake or its credential's; null: never. */
export function nextLookOf({
  subscription,
  credential,
}: Pick<Connection, "subscription" | "credential">): number | null {
  const looks = [subscription?.nextLookMs, credential?.nextLookMs].filter((look) => look !== undefined);
  return looks.length === 0 ? null : Math.min(...looks);
}
