import { timeSortKey } from "../../../lib/engine/page-cursor.ts";
import type { Failure, FailureStore, Page, PageRequest } from "../../../lib/engine/ports.ts";
import { pageOf } from "./pages.ts";

type FailureKey = Pick<Failure, "partner" | "connectionId" | "failureId">;

export class MemoryFailureStore implements FailureStore {
  readonly #failures = new Map<string, Failure>();

  all(): Failure[] {
    return [...this.#failures.values()].map((failure) => structuredClone(failure));
  }

  /** The eraser's. */
  forget(failure: FailureKey): void {
    this.#failures.delete(keyOf(failure));
  }

  async record(failure: Failure): Promise<void> {
    const stored = this.#failures.get(keyOf(failure));
    const counted: Failure = {
      ...failure,
      status: "open",
      firstSeenAtMs: stored?.firstSeenAtMs ?? failure.firstSeenAtMs,
      seen: (stored?.seen ?? 0) + 1,
      replays: stored?.replays ?? 0,
    };
    this.#failures.set(keyOf(failure), structuredClone(counted));
  }

  async read(partner: string, connectionId: string, failureId: string): Promise<Failure | null> {
    const failure = this.#failures.get(keyOf({ partner, connectionId, failureId }));
    return failure === undefined ? null : structuredClone(failure);
  }

  async move(
    failure: FailureKey,
    from: readonly Failure["status"][],
    to: Failure["status"],
    _nowMs: number,
    seenUntilMs = Number.POSITIVE_INFINITY,
  ): Promise<"moved" | "not-there"> {
    const stored = this.#failures.get(keyOf(failure));
    if (stored === undefined || !from.includes(stored.status) || stored.lastSeenAtMs > seenUntilMs) return "not-there";
    const replays = to === "replaying" ? stored.replays + 1 : stored.replays;
    this.#failures.set(keyOf(failure), { ...stored, status: to, replays });
    return "moved";
  }

  async openBefore(
    of: { readonly partner: string; readonly connectionId: string; readonly idPrefix: string },
    seenBeforeMs: number,
    limit: number,
  ): Promise<readonly Pick<Failure, "partner" | "connectionId" | "failureId" | "lastSeenAtMs">[]> {
    return this.all()
      .filter(({ partner, connectionId, status }) => {
        return partner === of.partner && connectionId === of.connectionId && status === "open";
      })
      .filter(({ failureId, lastSeenAtMs }) => failureId.startsWith(of.idPrefix) && lastSeenAtMs < seenBeforeMs)
      .toSorted((a, b) => a.lastSeenAtMs - b.lastSeenAtMs)
      .slice(0, limit)
      .map(({ partner, connectionId, failureId, lastSeenAtMs }) => ({
        partner,
        connectionId,
        failureId,
        lastSeenAtMs,
      }));
  }

  async list(
    filter: { readonly partner?: string; readonly connectionId?: string; readonly status?: Failure["status"] },
    page: PageRequest,
  ): Promise<Page<Failure>> {
    const listed = this.all().filter(
      (failure) =>
        (filter.partner === undefined || failure.partner === filter.partner) &&
        (filter.connectionId === undefined || failure.connectionId === filter.connectionId) &&
        (filter.status === undefined || failure.status === filter.status),
    );
    return pageOf(listed, (failure) => timeSortKey(failure.lastSeenAtMs, failure.failureId), "descending", page);
  }
}

function keyOf(failure: FailureKey): string {
  return JSON.stringify([failure.partner, failure.connectionId, failure.failureId]);
}
