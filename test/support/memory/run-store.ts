import { timeSortKey } from "../../../lib/engine/page-cursor.ts";
import type { Page, PageRequest, RunStore } from "../../../lib/engine/ports.ts";
import type { Run } from "../../../lib/engine/run.ts";
import { pageOf } from "./pages.ts";

export class MemoryRunStore implements RunStore {
  readonly #runs = new Map<string, Run>();

  all(): Run[] {
    return [...this.#runs.values()].map((run) => structuredClone(run));
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

  async list(partner: string, connectionId: string, page: PageRequest): Promise<Page<Run>> {
    const runs = this.all().filter((run) => run.partner === partner && run.connectionId === connectionId);
    return pageOf(runs, (run) => timeSortKey(run.startedAtMs, run.runId), "descending", page);
  }
}

function keyOf(run: Pick<Run, "partner" | "connectionId" | "runId">): string {
  return JSON.stringify([run.partner, run.connectionId, run.runId]);
}
