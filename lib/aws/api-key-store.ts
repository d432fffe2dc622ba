import * as z from "zod";
import { keyCacheMs, roles, useNotedEveryMs } from "../engine/api-key.ts";
import type { ApiKey, ApiKeys } from "../engine/api-key.ts";
import type { Clock } from "../engine/ports.ts";
import { ExpiringCache } from "./expiring-cache.ts";
import { jsonOf, number, numberOf, text } from "./item.ts";
import type { Item } from "./item.ts";
import { readPage } from "./list-query.ts";
import type { Table, Update } from "./table.ts";

/** No partner's partition begins like this: partners' start with `name#`, and their roles are held to that. */
const partition = "api-keys";
/** An old key is shown for so long, then DynamoDB removes it. */
const shownAfterEndMs = 90 * 86_400_000;
/** Strangers' keys take up room here, too. */
const bounds = { keptMs: keyCacheMs, entriesMax: 1_000 };

const Body = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(roles),
  tenantId: z.string().nullable(),
  digest: z.string(),
  createdBy: z.string(),
  createdAtMs: z.number(),
  expiresAtMs: z.number(),
});

/** Keys stand in the connections' table under a partition of their own; a table more would bring nothing but its price. */
export function createApiKeyStore(table: Table, clock: Clock): ApiKeys {
  const cache = new ExpiringCache<ApiKey | null>(clock, bounds);
  const noted = new ExpiringCache<true>(clock, { ...bounds, keptMs: useNotedEveryMs });
  const change = async (id: string, update: Update): Promise<ApiKey | null> => {
    const stored = await table.update(keyOf(id), { ...update, ReturnValues: "ALL_NEW" });
    return stored.kind === "stored" ? keyIn(table, stored.attributes) : null;
  };
  return {
    create: (key) => table.create(itemOf(key)),

    async find(id) {
      const cached = cache.get(id);
      if (cached !== undefined) return cached;
      const item = await table.get(keyOf(id));
      const key = item === null ? null : keyIn(table, item);
      cache.set(id, key);
      return key;
    },

    list(page) {
      const load = async (items: readonly Item[]): Promise<readonly ApiKey[]> =>
        items.map((item) => keyIn(table, item));
      const shared = { index: null, countIndex: null, sortName: "sk", order: "ascending" } as const;
      return readPage(table, { ...shared, partitionName: "pk", partitions: [partition], load }, page);
    },

    async revoke(id, atMs) {
      const key = await change(id, {
        UpdateExpression: "SET revokedAtMs = if_not_exists(revokedAtMs, :at)",
        ConditionExpression: "attribute_exists(pk)",
        ExpressionAttributeValues: { ":at": number(atMs) },
      });
      cache.delete(id);
      return key;
    },

    async remove(id) {
      await table.delete(keyOf(id));
      cache.delete(id);
    },

    async noteUse(id, atMs) {
      // Noted now or found noted by another worker: either way not again from here for an hour.
      if (noted.get(id) === true) return;
      noted.set(id, true);
      await change(id, {
        UpdateExpression: "SET lastUsedAtMs = :at",
        ConditionExpression: "attribute_exists(pk) AND (attribute_not_exists(lastUsedAtMs) OR lastUsedAtMs <= :before)",
        ExpressionAttributeValues: { ":at": number(atMs), ":before": number(atMs - useNotedEveryMs) },
      });
    },
  };
}

function keyOf(id: string): Item {
  return { pk: text(partition), sk: text(id) };
}

function itemOf(key: ApiKey): Item {
  const { revokedAtMs, lastUsedAtMs, ...body } = key;
  return {
    ...keyOf(key.id),
    body: text(JSON.stringify(body)),
    expiresAt: number(Math.ceil((key.expiresAtMs + shownAfterEndMs) / 1_000)),
    ...(revokedAtMs !== null && { revokedAtMs: number(revokedAtMs) }),
    ...(lastUsedAtMs !== null && { lastUsedAtMs: number(lastUsedAtMs) }),
  };
}

/** Throws `CorruptItem`. */
function keyIn(table: Table, item: Item): ApiKey {
  const at = (name: string): number | null => (item[name] === undefined ? null : numberOf(table.name, item, name));
  const body = jsonOf(table.name, item, Body);
  return { ...body, revokedAtMs: at("revokedAtMs"), lastUsedAtMs: at("lastUsedAtMs") };
}
