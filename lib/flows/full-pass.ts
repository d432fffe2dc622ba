import type { ResourceDriver } from "../engine/define-partner.ts";
import { seenBits, SeenSet } from "../engine/deletions.ts";
import type { Ports } from "../engine/ports.ts";
import type { PagePosition, Run } from "../engine/run.ts";
import { createKnownDigests } from "./known-digests.ts";
import type { KnownDigests } from "./known-digests.ts";

/** What one worker's turn of a full pass knows of the records, and what it has seen of the partner's. */
export interface FullPass {
  readonly known: KnownDigests;
  /** Notes what a page held. */
  see(externalIds: readonly string[]): void;
  /** Keeps what was seen since the last time: before the checkpoint that passes it, so that a crash forgets nothing. */
  keepSeen(run: Run): Promise<void>;
  /** Where a run goes that has passed its last page: to look for what it did not see, unless all was. */
  afterLastPage(fetched: number): PagePosition;
}

type PassPorts = Pick<Ports, "records" | "runs" | "clock">;

/** null for a run that passes over changes only. */
export function openFullPass(ports: PassPorts, resource: ResourceDriver, run: Run, workerId: string): FullPass | null {
  if (run.mode !== "full") return null;
  const { partner, connectionId, runId, checkpoint, progress } = run;
  const known = createKnownDigests(ports, {
    scope: { partner, connectionId, resource: run.resource },
    isVersioned: resource.version !== undefined,
    beganMs: checkpoint.beganMs,
    runId,
    fetchedBefore: progress.fetched,
    readFormerSeen: () => readSeen(ports, run, { part: 0, parts: 1 }),
  });
  let pending: number[] = [];
  return {
    known,
    see(externalIds) {
      known.see(externalIds);
      for (const id of externalIds) pending.push(seenBits(runId, id));
    },
    async keepSeen(reached) {
      if (pending.length === 0) return;
      const part = `${workerId}-${reached.progress.pages}`;
      await ports.runs.noteSeen(reached, part, Uint32Array.from(pending), ports.clock.nowMs());
      pending = [];
    },
    afterLastPage(fetched) {
      const isPartial = resource.isPartialList === true || resource.page.isPartial === true;
      if (isPartial || known.unseen() === 0) return { kind: "end" };
      return { kind: "sweep", step: "count", fetched, part: 0, after: null, expected: 0, missing: 0 };
    },
  };
}

/** What a run has kept of what it saw, in one of `parts`. */
export async function readSeen(
  ports: Pick<Ports, "runs">,
  run: Run,
  { part, parts }: { readonly part: number; readonly parts: number },
): Promise<SeenSet> {
  const seen = new SeenSet();
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<Ports["runs"]["readSeen"]>> = await ports.runs.readSeen(run, after);
    for (const some of page.bits) for (const bits of some) if (bits % parts === part) seen.add(bits);
    after = page.next;
  } while (after !== null);
  return seen;
}
