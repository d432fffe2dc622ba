import { oneLine } from "./one-line.ts";
import type { HeldView, PartnerStanding } from "./partner-shapes.ts";

/** What a partner has in hand, and what holds it, for people. */
export function standingText(standing: PartnerStanding): string {
  const held = standing.held.length === 0 ? [`Nothing holds ${standing.partner}.`] : heldLines(standing.held);
  return [...held, leftLine(standing)].join("\n");
}

/** What holds something, each with what to do about it. */
export function heldLines(held: readonly HeldView[]): readonly string[] {
  return held.flatMap(({ why, toDo }) => [oneLine(why), `  ${oneLine(toDo)}`]);
}

/** What is left to be done, as one line that can be drawn again and again. */
export function leftLine(standing: PartnerStanding): string {
  const { partner, lanes, parked, activeRuns, activeRunsCountedMax, empty } = standing;
  const parkedText = parked === 0 ? "" : `; ${parked} parked, of connections that are held`;
  if (empty) return `${partner} is empty: nothing on its lanes, no run under way${parkedText}`;
  const depths = Object.entries(lanes).map(
    ([lane, { waiting, inFlight, delayed }]) => `${lane} ${waiting} waiting, ${inFlight} in hand, ${delayed} delayed`,
  );
  const runs = `${activeRuns}${activeRuns >= activeRunsCountedMax ? " or more" : ""} run${activeRuns === 1 ? "" : "s"}`;
  return `${partner}: ${depths.join("; ")}; ${runs} under way${parkedText}`;
}
