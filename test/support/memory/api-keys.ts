import { useNotedEveryMs } from "../../../lib/engine/api-key.ts";
import type { ApiKey, ApiKeys } from "../../../lib/engine/api-key.ts";
import type { Page, PageRequest } from "../../../lib/engine/ports.ts";
import { pageOf } from "./pages.ts";

/** What is changed shows at once: a cache's age is the real store's business. */
export class MemoryApiKeys implements ApiKeys {
  /** Uses that were written. */
  notes = 0;
  readonly #keys = new Map<string, ApiKey>();

  all(): readonly ApiKey[] {
    return [...this.#keys.values()];
  }

  async create(key: ApiKey): Promise<"created" | "exists"> {
    if (this.#keys.has(key.id)) return "exists";
    this.#keys.set(key.id, structuredClone(key));
    return "created";
  }

  async find(id: string): Promise<ApiKey | null> {
    return structuredClone(this.#keys.get(id) ?? null);
  }

  async list(page: PageRequest): Promise<Page<ApiKey>> {
    return pageOf(this.all(), ({ id }) => id, "ascending", page);
  }

  async revoke(id: string, atMs: number): Promise<ApiKey | null> {
    const key = this.#keys.get(id);
    if (key === undefined) return null;
    this.#keys.set(id, { ...key, revokedAtMs: key.revokedAtMs ?? atMs });
    return this.find(id);
  }

  async remove(id: string): Promise<void> {
    this.#keys.delete(id);
  }

  async noteUse(id: string, atMs: number): Promise<void> {
    const key = this.#keys.get(id);
    if (key === undefined || (key.lastUsedAtMs !== null && key.lastUsedAtMs > atMs - useNotedEveryMs)) return;
    this.notes += 1;
    this.#keys.set(id, { ...key, lastUsedAtMs: atMs });
  }
}
