import { timeSortKey } from "../../engine/page-cursor.ts";
import type { Failure, FailureStore, Page, PageRequest } from "../../engine/ports.ts";
import { redactText } from "../../engine/redact.ts";
import { adviceFor } from "./failure-advice.ts";
import { failureRefOf } from "./failure-view.ts";
import { pageOf, pageOfAll } from "./page-query.ts";
import { isoTime } from "./time.ts";

export type FailureFilter = Parameters<FailureStore["list"]>[0];

/** So many failures are grouped at most, newest first; beyond that an answer says that it is not complete. */
const groupedMax = 2_000;
/** Above every time that a failure can carry. */
const timeMsMax = 999_999_999_999_999;

export interface GroupPage extends Page<Readonly<Record<string, unknown>>> {
  /** false: there are more failures than were looked at, so counts may be too low and groups may be missing. */
  readonly complete: boolean;
}

/** Failures that are alike as one line each, those seen last first. */
export async function groupFailures(
  failures: FailureStore,
  filter: FailureFilter,
  page: PageRequest,
): Promise<GroupPage> {
  const groups = new Map<string, Failure[]>();
  const read = await readFailures(failures, filter, groupedMax);
  for (const failure of read.items) {
    const key = `${failure.partner}:${failure.fingerprint}`;
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [failure]);
    else members.push(failure);
  }
  const ordered = pageOfAll([...groups.entries()], ([key, members]) => newestFirstKey(key, members), page);
  return { ...pageOf(ordered, ([, members]) => groupView(members)), complete: read.complete };
}

/** Reads on until there are no more failures or `limit` of them. */
export async function readFailures(
  failures: FailureStore,
  filter: FailureFilter,
  limit: number,
): Promise<{ readonly items: readonly Failure[]; readonly complete: boolean }> {
  const items: Failure[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Failure> = await failures.list(filter, { limit: 100, cursor });
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && items.length < limit);
  return { items, complete: cursor === null };
}

function newestFirstKey(key: string, members: readonly Failure[]): string {
  return timeSortKey(timeMsMax - lastSeenAtMs(members), key);
}

function lastSeenAtMs(members: readonly Failure[]): number {
  return members.reduce((latest, failure) => Math.max(latest, failure.lastSeenAtMs), 0);
}

function groupView(members: readonly Failure[]): Readonly<Record<string, unknown>> {
  const newest = members.reduce((a, b) => (b.lastSeenAtMs > a.lastSeenAtMs ? b : a));
  const statuses: Record<Failure["status"], number> = { open: 0, replaying: 0, resolved: 0, discarded: 0 };
  for (const failure of members) statuses[failure.status] += 1;
  return {
    partner: newest.partner,
    fingerprint: newest.fingerprint,
    kind: newest.why.kind,
    code: newest.why.code,
    place: newest.why.place,
    message: redactText(newest.why.message),
    ...adviceFor(newest.why),
    count: members.length,
    /** How often they came back in all. */
    seen: members.reduce((sum, failure) => sum + failure.seen, 0),
    connections: new Set(members.map((failure) => failure.connectionId)).size,
    statuses,
    firstSeenAt: isoTime(members.reduce((first, failure) => Math.min(first, failure.firstSeenAtMs), timeMsMax)),
    lastSeenAt: isoTime(newest.lastSeenAtMs),
    newest: failureRefOf(newest),
  };
}
