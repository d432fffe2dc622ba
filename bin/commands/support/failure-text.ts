import { oneLine } from "./one-line.ts";
import type { FailureWhole, GroupView } from "./shapes.ts";
import { relative } from "./times.ts";

/** Failures that are alike, a few lines each: what, how many, what it means, what to do. */
export function groupsText(groups: readonly GroupView[], nowMs: number): string {
  if (groups.length === 0) return "No failures.\n";
  return groups.map((group) => groupText(group, nowMs)).join("\n");
}

function groupText(group: GroupView, nowMs: number): string {
  const statuses = Object.entries(group.statuses).flatMap(([status, count]) =>
    count === 0 ? [] : [`${count} ${status}`],
  );
  return lines([
    `${group.partner}  ${group.kind}  ${group.code}  at ${group.place}`,
    `  ${statuses.join(", ")}, of ${group.connections} connection${group.connections === 1 ? "" : "s"}; first seen ${relative(group.firstSeenAt, nowMs)}, last ${relative(group.lastSeenAt, nowMs)}`,
    `  ${group.message}`,
    `  Means   ${group.means}`,
    `  To do   ${group.toDo}`,
    `  Group   ${group.fingerprint}   newest ${group.newest}`,
  ]);
}

/** One failure whole, without its payload. */
export function failureText(failure: FailureWhole, nowMs: number): string {
  const { job } = failure;
  return lines([
    `${failure.id}  ${failure.status}`,
    `  ${failure.kind}  ${failure.code}  at ${failure.place}`,
    `  ${failure.message}`,
    ...(failure.call === null ? [] : [`  Call    ${failure.call}`]),
    `  Means   ${failure.means}`,
    `  To do   ${failure.toDo}`,
    `  Seen    ${failure.seen} times, first ${relative(failure.firstSeenAt, nowMs)}, last ${relative(failure.lastSeenAt, nowMs)}; replayed ${failure.replays} times`,
    job === null ? "  Job     none of ours" : `  Job     ${job.work}, ${job.attempts} attempts, trace ${job.trace}`,
    `  Group   ${failure.fingerprint}`,
  ]);
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${oneLine(line)}\n`).join("");
}
