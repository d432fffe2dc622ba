import { timeSortKey } from "../../../lib/engine/page-cursor.ts";
import type { Page, PageRequest, RunKey, RunStore } from "../../../lib/engine/ports.ts";
import type { Run } from "../../../lib/engine/run.ts";
import { byBytes, pageOf } from "./pages.ts";

export class MemoryRunStore implements RunStore {
  readonly #runs = new Map<string, Run>();
  readonly #seen = new Map<string, Map<string, Uint32Array>>();

  all(): Run[] {
    return [...this.#runs.values()].map((run) => structuredClone(run));
  }

  /** The eraser's. */
  forget(run: Pick<Run, "partner" | "connectionId" | "runId">): void {
    this.#runs.delete(keyOf(run));
  }

  async create(run: Run): Promise<"created" | "exists"> {
    if (this.#runs.has(keyOf(run))) return "exists";
    this.#runs.set(keyOf(run), structuredClone(run));
    return "created";
  }

  async read(partner: string, connectionId: string, runId: string): Promise<Run | null> {
    const run = this.#runs.get(keyOf({ partner, connectionId, runId }));
    return run === undefined ? null : structuredClone(run);
  }

  async compareAndSet(next: Run): Promise<"stored" | "superseded"> {
    const stored = this.#runs.get(keyOf(next));
    if (stored === undefined || stored.revision !== next.revision - 1) return "superseded";
    this.#runs.set(keyOf(next), structuredClone(next));
    return "stored";
  }

  async standingStill(partner: string, nowMs: number, limit: number): Promise<readonly Run[]> {
    return this.all()
      .filter((run) => run.partner === partner && run.status.kind === "active" && run.nextLookMs <= nowMs)
      .toSorted((a, b) => a.nextLookMs - b.nextLookMs)
      .slice(0, limit);
  }

  async noteSeen(of: RunKey, part: string, bits: Uint32Array): Promise<void> {
    const parts = this.#seen.get(keyOf(of)) ?? new Map<string, Uint32Array>();
    this.#seen.set(keyOf(of), parts.set(part, bits.slice()));
  }

  async readSeen(
    of: RunKey,
    after: string | null,
  ): Promise<{ readonly bits: readonly Uint32Array[]; readonly next: string | null }> {
    const parts = [...(this.#seen.get(keyOf(of)) ?? [])].toSorted(([a], [b]) => byBytes(a, b));
    const rest = parts.filter(([part]) => after === null || byBytes(part, after) > 0).slice(0, 3);
    const last = rest.at(-1)?.[0] ?? null;
    return { bits: rest.map(([, bits]) => bits.slice()), next: last === parts.at(-1)?.[0] ? null : last };
  }

  async list(partner: string, connectionId: string, page: PageRequest): Promise<Page<Run>> {
    const runs = this.all().filter((run) => run.partner === partner && run.connectionId === connectionId);
    return pageOf(runs, (run) => timeSortKey(run.startedAtMs, run.runId), "descending", page);
  }
}

function keyOf(run: Pick<Run, "partner" | "connectionId" | "runId">): string {
  return JSON.stringify([run.partner, run.connectionId, run.runId]);
}
