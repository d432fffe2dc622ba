import type { ApiKey, ApiKeys } from "../../engine/api-key.ts";
import type { Page } from "../../engine/ports.ts";

/** Of a hundred keys each: more than anybody has. */
const pagesMax = 100;

/** Removes the API's keys that are bound to a tenant, revoked ones too: each says whose it is. Returns how many there were. */
export async function forgetKeys(keys: Pick<ApiKeys, "list" | "remove">, tenantId: string): Promise<number> {
  const bound: string[] = [];
  let cursor: string | null = null;
  for (let count = 0; count < pagesMax; count++) {
    const page: Page<ApiKey> = await keys.list({ limit: 100, cursor });
    bound.push(...page.items.filter((key) => key.tenantId === tenantId).map(({ id }) => id));
    cursor = page.next;
    if (cursor === null) break;
  }
  for (const id of bound) await keys.remove(id);
  return bound.length;
}
