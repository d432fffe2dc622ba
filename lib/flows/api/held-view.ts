import type { Control, Wish } from "../../engine/control.ts";
import { isoTime } from "./time.ts";

/** One thing that keeps a partner or a connection back: by whom, since when, and what to do. */
export interface HeldView {
  readonly scope: "partner" | "connection";
  /** `draining`: only imports are not started. */
  readonly what: "paused" | "draining" | "breaker";
  readonly since: string;
  /** null: nobody; the breaker opens by itself. */
  readonly by: string | null;
  readonly reason: string | null;
  readonly nextProbeAt: string | null;
  readonly why: string;
  readonly toDo: string;
}

/** What holds a partner, or one connection, back; nothing when all is as usual. */
export function heldViews(control: Control): readonly HeldView[] {
  const { pause, schedules } = control;
  const breaker = breakerView(control);
  return [
    ...(pause === null ? [] : [pausedView(control, pause)]),
    ...(breaker === null ? [] : [breaker]),
    ...(schedules === null ? [] : [drainingView(control, schedules)]),
  ];
}

function pausedView(control: Control, wish: Wish): HeldView {
  const subject = subjectOf(control);
  return {
    ...wishedBy(control, wish),
    what: "paused",
    why: `${subject} is paused since ${isoTime(wish.sinceMs)} by ${wish.by} (${wish.reason}): it is not called, and its jobs are kept.`,
    toDo: `When it may go on: sluice resume ${targetOf(control)}`,
  };
}

function drainingView(control: Control, wish: Wish): HeldView {
  const subject = subjectOf(control);
  return {
    ...wishedBy(control, wish),
    what: "draining",
    why: `Imports of ${subject} are not started since ${isoTime(wish.sinceMs)}, by ${wish.by} (${wish.reason}); what is under way goes on.`,
    toDo: `When they may start again: sluice resume ${targetOf(control)}`,
  };
}

function breakerView(control: Control): HeldView | null {
  const { breaker } = control;
  if (breaker.kind === "closed") return null;
  const subject = subjectOf(control);
  const next =
    breaker.kind === "open"
      ? `The next probe is due at ${isoTime(breaker.untilMs)}.`
      : "A probe is under way, and decides.";
  return {
    scope: scopeOf(control),
    what: "breaker",
    since: isoTime(breaker.sinceMs),
    by: null,
    reason: null,
    nextProbeAt: isoTime(breaker.kind === "open" ? breaker.untilMs : null),
    why: `Calls to ${subject} are stopped since ${isoTime(breaker.sinceMs)}, because too many of them failed. ${next}`,
    toDo: "Nothing: it closes by itself when a probe comes back well. If it stays, ask the partner, and see the failures.",
  };
}

function wishedBy(control: Control, wish: Wish): Omit<HeldView, "what" | "why" | "toDo"> {
  const { by, reason } = wish;
  return { scope: scopeOf(control), since: isoTime(wish.sinceMs), by, reason, nextProbeAt: null };
}

function scopeOf({ connectionId }: Control): "partner" | "connection" {
  return connectionId === null ? "partner" : "connection";
}

function subjectOf({ partner, connectionId }: Control): string {
  return connectionId ?? partner;
}

/** As the command line names it. */
function targetOf({ partner, connectionId }: Control): string {
  return connectionId ?? `--partner ${partner}`;
}
