import * as z from "zod";
import type { Failure } from "../../engine/ports.ts";
import { type FailureFilter, readFailures } from "./failure-groups.ts";
import { failureRefOf, parseFailureRef } from "./failure-view.ts";
import { notFound } from "./problem.ts";
import type { ApiPorts } from "./request.ts";
import { validate } from "./validate.ts";

/** One call replays or discards so many at most; asked again, it goes on with those that are still open. */
const chosenMax = 100;
/** So many open failures are looked through for a group or for a time. */
const searchedMax = 2_000;

export interface Chosen {
  /** For the audit log. */
  readonly subject: string;
  readonly failures: readonly Failure[];
  readonly unknown: readonly string[];
  /** There are more open failures than one call takes. */
  readonly more: boolean;
  /** Nothing is to be done, only told. */
  readonly dryRun: boolean;
}

type Found = Omit<Chosen, "dryRun">;

const Id = z.string().min(1).max(700);
const dryRun = z.boolean().default(false);
const One = z.strictObject({ partner: Id, connectionId: Id.nullable(), failureId: Id, dryRun });
const Group = z.strictObject({ partner: Id, fingerprint: Id, dryRun });
const Since = z.strictObject({
  since: z.iso.datetime({ offset: true }),
  partner: Id.optional(),
  connectionId: Id.optional(),
  dryRun,
});
const Listed = z.strictObject({ failureIds: z.array(z.string().min(1).max(1_500)).min(1).max(chosenMax), dryRun });

/** The failures that a body means, in one of its forms; each has its own schema, as one for all could not name the field that is wrong. */
export async function chooseFailures(ports: Pick<ApiPorts, "failures">, body: unknown): Promise<Chosen> {
  const fields = typeof body === "object" && body !== null ? body : {};
  if ("failureIds" in fields) {
    const listed = validate(Listed, body, "body");
    return { ...(await chooseListed(ports, listed.failureIds)), dryRun: listed.dryRun };
  }
  if ("fingerprint" in fields) {
    const group = validate(Group, body, "body");
    return { ...(await chooseGroup(ports, group)), dryRun: group.dryRun };
  }
  if ("since" in fields) {
    const since = validate(Since, body, "body");
    return { ...(await chooseSince(ports, since)), dryRun: since.dryRun };
  }
  const one = validate(One, body, "body");
  const ref = failureRefOf({ ...one, connectionId: one.connectionId ?? "-" });
  const chosen = await chooseListed(ports, [ref]);
  if (chosen.failures.length === 0) throw notFound("such failure");
  return { ...chosen, dryRun: one.dryRun };
}

async function chooseListed(ports: Pick<ApiPorts, "failures">, refs: readonly string[]): Promise<Found> {
  const failures: Failure[] = [];
  const unknown: string[] = [];
  for (const ref of new Set(refs)) {
    const key = parseFailureRef(ref);
    const failure = key === null ? null : await ports.failures.read(key.partner, key.connectionId, key.failureId);
    if (failure === null) unknown.push(ref);
    else failures.push(failure);
  }
  return { subject: refs.length === 1 ? String(refs[0]) : `${refs.length} failures`, failures, unknown, more: false };
}

async function chooseGroup(ports: Pick<ApiPorts, "failures">, group: z.infer<typeof Group>): Promise<Found> {
  const { partner, fingerprint } = group;
  const open = await readFailures(ports.failures, { partner, status: "open" }, searchedMax);
  const alike = open.items.filter((failure) => failure.fingerprint === fingerprint);
  if (alike.length === 0) throw notFound("open failure of this partner with this fingerprint");
  return foundOf(`${partner}:${fingerprint}`, alike, open.complete);
}

async function chooseSince(ports: Pick<ApiPorts, "failures">, since: z.infer<typeof Since>): Promise<Found> {
  const { partner, connectionId } = since;
  const filter: FailureFilter = {
    ...(partner === undefined ? {} : { partner }),
    ...(connectionId === undefined ? {} : { connectionId }),
    status: "open",
  };
  const sinceMs = Date.parse(since.since);
  const open = await readFailures(ports.failures, filter, searchedMax);
  const recent = open.items.filter((failure) => failure.lastSeenAtMs >= sinceMs);
  // They come newest first: when older ones were read too, all recent ones were.
  const complete = open.complete || recent.length < open.items.length;
  const subject = [partner ?? "every partner", ...(connectionId === undefined ? [] : [connectionId])].join(":");
  return foundOf(`${subject} since ${since.since}`, recent, complete);
}

function foundOf(subject: string, failures: readonly Failure[], complete: boolean): Found {
  return {
    subject,
    failures: failures.slice(0, chosenMax),
    unknown: [],
    more: failures.length > chosenMax || !complete,
  };
}
