import * as z from "zod";
import type { Failure } from "../../engine/ports.ts";
import { appendAudit } from "../connections/append-audit.ts";
import { replayFailure } from "../replay-failure.ts";
import { actorOf } from "./actor.ts";
import { type FailureFilter, groupFailures, readFailures } from "./failure-groups.ts";
import { failureRefOf, failureView, parseFailureRef } from "./failure-view.ts";
import { pageFields, pageOf, pageRequestOf } from "./page-query.ts";
import { notFound } from "./problem.ts";
import type { ApiPorts, ApiRequest } from "./request.ts";
import { route } from "./route.ts";
import { takenOrUnavailable } from "./taken-or-unavailable.ts";
import { validate } from "./validate.ts";

/** One call replays so many at most; asked again, it goes on with those that are still open. */
const replayedMax = 100;
/** So many open failures are looked through for a fingerprint. */
const searchedMax = 2_000;

const statuses = ["open", "replaying", "resolved", "discarded"] as const;
const Id = z.string().min(1).max(700);

export const failureRoutes = [
  route({
    method: "GET",
    path: "/failures",
    query: z.strictObject({
      ...pageFields,
      partner: Id.optional(),
      connectionId: Id.optional(),
      status: z.enum(statuses).optional(),
      group: z.enum(["true", "false"]).default("false"),
    }),
    handle: async (ports, { query }) => {
      const filter: FailureFilter = {
        ...(query.partner === undefined ? {} : { partner: query.partner }),
        ...(query.connectionId === undefined ? {} : { connectionId: query.connectionId }),
        ...(query.status === undefined ? {} : { status: query.status }),
      };
      const page = pageRequestOf(query);
      if (query.group === "true") return { status: 200, data: await groupFailures(ports.failures, filter, page) };
      return { status: 200, data: pageOf(await ports.failures.list(filter, page), failureView) };
    },
  }),
  route({
    method: "POST",
    path: "/failures/replay",
    query: z.strictObject({}),
    // One of three forms, each with its own schema: one schema for all could not name the field that is wrong.
    body: z.unknown(),
    handle: async (ports, { body, request }) => {
      const chosen = await choose(ports, body);
      const detail = { count: String(chosen.failures.length) };
      await appendAudit(ports, actorOf(request), "failures.replay", chosen.subject, detail);
      return { status: 202, data: await replayAll(ports, request, chosen) };
    },
  }),
];

interface Chosen {
  /** For the audit log. */
  readonly subject: string;
  readonly failures: readonly Failure[];
  readonly unknown: readonly string[];
  /** There are more open failures than one call replays. */
  readonly more: boolean;
}

const One = z.strictObject({ partner: Id, connectionId: Id.nullable(), failureId: Id });
const Group = z.strictObject({ partner: Id, fingerprint: Id });
const Listed = z.strictObject({ failureIds: z.array(z.string().min(1).max(1_500)).min(1).max(replayedMax) });

async function choose(ports: ApiPorts, body: unknown): Promise<Chosen> {
  const fields = typeof body === "object" && body !== null ? body : {};
  if ("failureIds" in fields) return chooseListed(ports, validate(Listed, body, "body").failureIds);
  if ("fingerprint" in fields) return chooseGroup(ports, validate(Group, body, "body"));
  const { partner, connectionId, failureId } = validate(One, body, "body");
  const ref = failureRefOf({ partner, connectionId: connectionId ?? "-", failureId });
  const chosen = await chooseListed(ports, [ref]);
  if (chosen.failures.length === 0) throw notFound("such failure");
  return chosen;
}

async function chooseListed(ports: ApiPorts, refs: readonly string[]): Promise<Chosen> {
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

async function chooseGroup(ports: ApiPorts, group: z.infer<typeof Group>): Promise<Chosen> {
  const open = await readFailures(ports.failures, { partner: group.partner, status: "open" }, searchedMax);
  const alike = open.items.filter((failure) => failure.fingerprint === group.fingerprint);
  if (alike.length === 0) throw notFound("open failure of this partner with this fingerprint");
  return {
    subject: `${group.partner}:${group.fingerprint}`,
    failures: alike.slice(0, replayedMax),
    unknown: [],
    more: alike.length > replayedMax || !open.complete,
  };
}

async function replayAll(
  ports: ApiPorts,
  request: ApiRequest,
  chosen: Chosen,
): Promise<Readonly<Record<string, unknown>>> {
  const replayed: string[] = [];
  const refused: { readonly id: string; readonly reason: string }[] = [];
  for (const failure of chosen.failures) {
    const result = await takenOrUnavailable(ports, request, replayFailure(ports, failure));
    if (result.kind === "replaying") replayed.push(failureRefOf(failure));
    else refused.push({ id: failureRefOf(failure), reason: result.reason });
  }
  for (const id of chosen.unknown) refused.push({ id, reason: "there is no such failure" });
  return { replayed, refused, more: chosen.more };
}
