import { asksFor, childOf } from "../engine/cascade.ts";
import type { Ask } from "../engine/cascade.ts";
import type { ChildAsk, PartnerDriver, PartnerRequest } from "../engine/define-partner.ts";
import { PartnerError } from "../engine/errors.ts";
import { pageRequest } from "../engine/page-request.ts";
import { memberAt } from "../engine/pages/shape.ts";
import type { Ports } from "../engine/ports.ts";
import { callPartner } from "./call-partner.ts";
import type { CallPorts, CallResult } from "./call-partner.ts";
import { fetchAgain } from "./fetch-again.ts";
import { fetchOne } from "./fetch-one.ts";
import type { FetchLimits } from "./fetch-one.ts";
import { saysRevoked } from "./need-reconnect.ts";
import type { Stop } from "./outcome.ts";
import { readPage } from "./read-page.ts";
import { noCounts, plusCounts, saveRecords } from "./save-records.ts";
import type { SaveCounts, SavePorts, SaveTarget } from "./save-records.ts";

export type ChildPorts = CallPorts & SavePorts & Pick<Ports, "lanes">;

/** `changed` are the asks of children that have children themselves. */
export type Fetched = { readonly counts: SaveCounts; readonly changed: readonly Ask[] } & (
  | { readonly kind: "done" }
  /** Nothing more can be asked for now, or (why is null) the turn is over; `left` is where to go on. */
  | { readonly kind: "stopped"; readonly why: Stop | null; readonly left: Ask }
  /** The partner will not give this one, whenever it is asked. */
  | { readonly kind: "refused"; readonly error: PartnerError }
);

const pagesMax = 100;
/** As for the pages of an import. */
const lateMsMax = 10_000;

/**
 * Fetches and saves what one ask names, an ask that fits into one call (or into one list's pages). `target` is of a parent.
 * No further page is begun after `untilMs`: a long list is read in several turns.
 */
export async function fetchChildren(
  ports: ChildPorts,
  target: SaveTarget,
  ask: Ask,
  limits: FetchLimits,
  untilMs: number,
): Promise<Fetched> {
  const { driver } = target;
  const child = childOf(driver, ask);
  const resource = driver.resources[ask.child];
  // The driver has lost these children since the checkpoint was stored.
  if (child === null || resource === undefined) return { kind: "done", counts: noCounts, changed: [] };
  const childTarget = { ...target, resourceName: ask.child, resource };
  if (child.ask.kind !== "one") return fetchList(ports, childTarget, ask, child.ask, { ...limits, untilMs });
  const result = await fetchOne(ports, childTarget, ask.parentIds[0] ?? "", limits);
  if (result.kind !== "saved") return { ...unanswered(ports, result, ask), counts: noCounts, changed: [] };
  return { kind: "done", counts: result.counts, changed: asksFor(driver, ask.child, result.changed) };
}

async function fetchList(
  ports: ChildPorts,
  target: SaveTarget,
  ask: Ask,
  how: Exclude<ChildAsk, { kind: "one" }>,
  limits: FetchLimits & { readonly untilMs: number },
): Promise<Fetched> {
  const { driver, connection, resource } = target;
  let { cursor } = ask;
  let counts = noCounts;
  const changed: Ask[] = [];
  for (let page = 0; page < pagesMax; page++) {
    const left = { ...ask, cursor };
    if (page > 0 && ports.clock.nowMs() >= limits.untilMs) return { kind: "stopped", why: null, left, counts, changed };
    const request = { ...requestFor(how, left), ...(resource.weight && { weight: resource.weight.page }) };
    const { lane, deadlineMs } = limits;
    const result = await callPartner(ports, { driver, connection, request, lane, deadlineMs });
    if (result.kind !== "ok") return { ...unanswered(ports, result, left), counts, changed };
    const { body, beganMs } = result;
    const content = readPage(driver, ask.child, how.page, { body, cursor });
    if (content instanceof PartnerError) return { kind: "refused", error: content, counts, changed };
    const isStrange = how.kind === "batch" && content.items.some((item) => !isAsked(how.parentId, left, item));
    if (isStrange) return { kind: "refused", error: unfiltered(driver, left), counts, changed };
    const saved = await saveRecords(ports, target, content.items, { ...limits, beganMs, lateMsMax });
    await fetchAgain(ports, target, saved.unclear, lane);
    counts = plusCounts(counts, saved.counts);
    changed.push(...asksFor(driver, ask.child, saved.changed));
    if (content.next === null) return { kind: "done", counts, changed };
    cursor = content.next;
  }
  return { kind: "refused", error: endless(driver, ask), counts, changed };
}

function requestFor(how: Exclude<ChildAsk, { kind: "one" }>, { parentIds, cursor }: Ask): PartnerRequest {
  const call = how.page.request(cursor);
  if (how.kind === "batch") return pageRequest(how.path, how.query(parentIds), call);
  const request = pageRequest(how.path(encodeURIComponent(parentIds[0] ?? "")), how.query ?? {}, call);
  // Endpoint limits count by the template and not by each parent.
  return { ...request, endpoint: `${request.method} ${how.path("{id}")}` };
}

/** An item without its parent's id is left to the schema of its resource to judge. */
function isAsked(parentId: string, { parentIds }: Ask, item: unknown): boolean {
  const named = memberAt(item, parentId);
  return (typeof named !== "string" && typeof named !== "number") || parentIds.includes(String(named));
}

export function outOfTime(ports: Pick<Ports, "clock">): Stop {
  return { kind: "wait", untilMs: ports.clock.nowMs(), reason: "time" };
}

/** What is worth asking again is a stop; what is this one's own fault is refused. */
function unanswered(
  ports: Pick<Ports, "clock">,
  result: Exclude<CallResult, { kind: "ok" }>,
  left: Ask,
): { kind: "stopped"; why: Stop; left: Ask } | { kind: "refused"; error: PartnerError } {
  if (result.kind === "wait") return { kind: "stopped", why: result, left };
  const { error } = result;
  if (error.kind === "transient" || error.kind === "rate") return { kind: "stopped", why: result, left };
  if (!saysRevoked(result)) return { kind: "refused", error };
  // The connection is held by now: whoever comes next waits for its new credential, and goes on here.
  const why = { kind: "wait", untilMs: ports.clock.nowMs() + 1_000, reason: "credential" } as const;
  return { kind: "stopped", why, left };
}

function unfiltered(driver: PartnerDriver, { child, parentIds }: Ask): PartnerError {
  const message = `${driver.title}: asked for the ${child} of ${parentIds.length} parents, it answered with some of others. Mend the batch's \`query\` or \`parentId\` in the driver; then replay.`;
  const cause = { expected: `${child} of the parents asked for`, actual: `${child} of others` };
  return new PartnerError({ code: "unfiltered-batch", kind: "data", partner: driver.name, message, cause });
}

function endless(driver: PartnerDriver, { child }: Ask): PartnerError {
  const message = `${driver.title}: the ${child} of one parent came to no end in ${pagesMax} pages. Look at the page strategy of the children; then replay.`;
  const cause = { expected: "a last page", actual: `${pagesMax} pages` };
  return new PartnerError({ code: "endless-children", kind: "data", partner: driver.name, message, cause });
}
