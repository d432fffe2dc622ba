import { callsFor, halves, joined, noChildProgress } from "../engine/cascade.ts";
import type { Ask, ChildProgress } from "../engine/cascade.ts";
import type { PartnerError } from "../engine/errors.ts";
import { mapBounded } from "../engine/map-bounded.ts";
import { fetchChildren } from "./fetch-children.ts";
import type { ChildPorts, Fetched } from "./fetch-children.ts";
import type { FetchLimits } from "./fetch-one.ts";
import type { Stop } from "./outcome.ts";
import { plusCounts } from "./save-records.ts";
import type { SaveCounts, SaveTarget } from "./save-records.ts";

const callsAtOnce = 5;

export interface AskOptions {
  readonly limits: FetchLimits;
  /** Nothing is begun after so many calls, or after that time; what is under way ends. */
  readonly callsMax: number;
  readonly untilMs: number;
  /** Was tried often enough: what fails once more is refused, and holds nothing up. */
  readonly isLastTry: boolean;
}

export interface Asked {
  /** What is still to be asked for, grandchildren of what changed included. */
  readonly left: readonly Ask[];
  /** Why nothing more is asked for now; null when the options' bounds said so, or nothing is left. */
  readonly why: Stop | null;
  /** One parent each. */
  readonly refused: readonly { readonly ask: Ask; readonly error: PartnerError }[];
  readonly progress: Readonly<Record<string, ChildProgress>>;
}

/**
 * Asks for children, five calls at once. What is refused is refused alone: a batch is halved until the one parent is found
 * that the partner will not answer for. A limit or an outage stops it where it stands.
 */
export async function askAll(
  ports: ChildPorts,
  target: SaveTarget,
  due: readonly Ask[],
  options: AskOptions,
): Promise<Asked> {
  const calls = callsFor(target.driver, due);
  const begun = calls.slice(0, options.callsMax);
  const left: Ask[] = calls.slice(options.callsMax);
  const refused: { ask: Ask; error: PartnerError }[] = [];
  const progress: Record<string, ChildProgress> = {};
  let why: Stop | null = null;
  const below: Ask[] = [];
  const stopped: Ask[] = [];
  const note = (ask: Ask, counts: SaveCounts, parents: number): void => {
    progress[ask.child] = plusChild(progress[ask.child], counts, parents);
  };

  const askOne = async (ask: Ask): Promise<void> => {
    if (why !== null || ports.clock.nowMs() >= options.untilMs) {
      left.push(ask);
      return;
    }
    const result = settled(await fetchChildren(ports, target, ask, options.limits, options.untilMs), options);
    below.push(...result.changed);
    note(ask, result.counts, result.kind === "done" ? ask.parentIds.length : 0);
    if (result.kind === "done") return;
    if (result.kind === "stopped") {
      why ??= result.why;
      stopped.push(result.left);
      return;
    }
    const parts = halves(ask);
    for (const part of parts ?? []) await askOne(part);
    if (parts !== null) return;
    note(ask, noneButParked, 1);
    refused.push({ ask, error: result.error });
  };

  await mapBounded(begun, callsAtOnce, askOne);
  // What is below comes first, so that a tree's breadth is never due at once; what was stopped comes last, so that one that
  // fails again and again does not stand before the others.
  return { left: joined([...below, ...left, ...stopped]), why, refused, progress };
}

/** A last try that fails for a reason that may pass is refused all the same; waiting is not failing. */
function settled(result: Fetched, { isLastTry }: AskOptions): Fetched {
  if (!isLastTry || result.kind !== "stopped" || result.why?.kind !== "failed") return result;
  return { ...result, kind: "refused", error: result.why.error };
}

const noneButParked: SaveCounts = { created: 0, updated: 0, unchanged: 0, stale: 0, deleted: 0, parked: 1 };

function plusChild(former: ChildProgress = noChildProgress, counts: SaveCounts, parents: number): ChildProgress {
  const { due, fetched } = former;
  const came = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { ...plusCounts(former, counts), due, parents: former.parents + parents, fetched: fetched + came };
}

/** What a turn came to, on top of what the run had. */
export function addProgress(
  former: Readonly<Record<string, ChildProgress>> | undefined,
  more: Readonly<Record<string, ChildProgress>>,
): Readonly<Record<string, ChildProgress>> {
  const sums: Record<string, ChildProgress> = { ...former };
  for (const [child, one] of Object.entries(more)) {
    const sum = sums[child] ?? noChildProgress;
    const { due } = sum;
    sums[child] = {
      ...plusCounts(sum, one),
      due,
      parents: sum.parents + one.parents,
      fetched: sum.fetched + one.fetched,
    };
  }
  return sums;
}
