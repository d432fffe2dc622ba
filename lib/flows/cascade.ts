import { asksFor, withDue } from "../engine/cascade.ts";
import type { Ask, Cascade, Changed } from "../engine/cascade.ts";
import type { Acknowledgement } from "../engine/pages/page-strategy.ts";
import { runAttemptsMax } from "../engine/run.ts";
import type { PagePosition, Position, Progress } from "../engine/run.ts";
import { acknowledge } from "./acknowledge.ts";
import { addProgress, askAll } from "./ask-all.ts";
import type { ChildPorts } from "./fetch-children.ts";
import { targetOf } from "./import-place.ts";
import type { ImportPlace, PageOutcome } from "./import-place.ts";
import type { WorkContext } from "./outcome.ts";
import { parkChildren } from "./park-children.ts";

/** Between two checkpoints: what a dead worker's successor asks for again, well within a lease. */
const callsMax = 25;
const turnMsMax = 10_000;

/** Where a run goes whose page is saved: to the children of what changed on it, and on from there. */
export function cascadeTo(
  place: Pick<ImportPlace, "driver" | "run">,
  next: PagePosition,
  changed: readonly Changed[],
  unacknowledged: Acknowledgement | null = null,
): Position {
  const due = asksFor(place.driver, place.run.resource, changed);
  return due.length === 0 ? next : { kind: "cascade", due, acknowledge: unacknowledged, next };
}

/** Progress as it stands at a position: how many parents wait there for their children. */
export function progressAt(progress: Progress, position: Position): Progress {
  const due: readonly Ask[] = position.kind === "cascade" ? position.due : [];
  if (due.length === 0 && progress.children === undefined) return progress;
  return { ...progress, children: withDue(progress.children, due) };
}

/**
 * One step of fetching the children of a page that is saved. The checkpoint keeps which are still due, so that the run
 * passes the page only when none is, and whoever takes over asks for little again.
 */
export async function pushCascade(
  ports: ChildPorts,
  place: Omit<ImportPlace, "pass">,
  cascade: Cascade<PagePosition>,
  context: WorkContext,
): Promise<PageOutcome> {
  const { run } = place;
  const target = targetOf(place);
  const isLastTry = run.attempts + 1 >= runAttemptsMax;
  const asked = await askAll(ports, target, cascade.due, {
    limits: { lane: "imports", deadlineMs: context.deadlineMs, writtenSinceMs: run.startedAtMs },
    callsMax: isLastTry ? Number.POSITIVE_INFINITY : callsMax,
    untilMs: Math.min(context.deadlineMs, ports.clock.nowMs() + turnMsMax),
    isLastTry,
  });
  for (const { ask, error } of asked.refused) await parkChildren(ports, target, ask, error);
  const children = addProgress(run.progress.children, asked.progress);
  const at = (position: Position): Progress => progressAt({ ...run.progress, children }, position);
  const rest: Position = { ...cascade, due: asked.left };
  if (asked.why !== null) {
    const isMoved = Object.values(asked.progress).some(({ parents, fetched }) => parents + fetched > 0);
    return { kind: "stopped", why: asked.why, position: rest, progress: isMoved ? at(rest) : null };
  }
  if (asked.left.length > 0) return { kind: "moved", position: rest, progress: at(rest) };
  const refusal = await acknowledge(ports, place, cascade.acknowledge, context);
  if (refusal !== null) return { kind: "stopped", why: refusal, position: rest, progress: at(rest) };
  return { kind: "moved", position: cascade.next, progress: at(cascade.next) };
}
