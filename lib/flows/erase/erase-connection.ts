import { addRemains, noRemains, quietMs, remainKinds } from "../../engine/erasure.ts";
import type { Eraser, Erasure, Remains } from "../../engine/erasure.ts";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import { quotaItemOf } from "../../engine/limits.ts";
import type { Connection, Ports } from "../../engine/ports.ts";
import { resourcesOf } from "./resources-of.ts";

export type ErasePorts = Pick<Ports, "clock" | "connections"> & { readonly eraser: Eraser };

export type EraseStep =
  | { readonly kind: "done"; readonly removed: Remains }
  /** It is gone for everybody, and not yet erased: ask again then. */
  | {
      readonly kind: "unfinished";
      readonly why: "workers-ending" | "more-to-remove";
      readonly againAtMs: number;
      readonly removed: Remains;
    }
  | { readonly kind: "contended" };

/** Bounds the loop where the clock does not. */
const clearsMax = 2_000;

/**
 * Erases a connection, as far as one call gets. The mark in its place goes first: from then on it is gone for everybody, and
 * what a queue still holds for it is dropped. Whoever had it in hand before is at its end a while later, and then everything
 * is removed, kind by kind; the mark forgets whose it was last. Dying anywhere, the same call goes on.
 */
export async function eraseConnection(ports: ErasePorts, erasure: Erasure, untilMs: number): Promise<EraseStep> {
  const begun = erasure.stage === "erasing" ? erasure : await begin(ports, erasure);
  if (begun === null) return { kind: "contended" };
  const quietAtMs = begun.markedAtMs + quietMs;
  if (ports.clock.nowMs() < quietAtMs)
    return { kind: "unfinished", why: "workers-ending", againAtMs: quietAtMs, removed: noRemains };
  const { removed, left, of } = await clearAll(ports, begun, untilMs);
  if (!left) return (await finish(ports, begun)) === "stored" ? { kind: "done", removed } : { kind: "contended" };
  if (of !== begun && (await ports.eraser.mark({ ...of, revision: of.revision + 1 })) === "superseded")
    return { kind: "contended" };
  return { kind: "unfinished", why: "more-to-remove", againAtMs: ports.clock.nowMs(), removed };
}

/** The mark of a connection that is there, not stored yet; with no driver where its partner was taken out of the configuration. */
export async function erasureFor(
  ports: ErasePorts,
  driver: PartnerDriver | null,
  connection: Connection,
  stage: "removed" | "erasing",
): Promise<Erasure> {
  const { partner, connectionId, tenantId, account, revision } = connection;
  const resources = await resourcesOf(ports, driver, connection);
  const own = `${partner}#${account ?? connectionId}`;
  const isItsOwn = driver === null || quotaItemOf(driver, connection) === own;
  return {
    partner,
    connectionId,
    stage,
    tenantId,
    account,
    quotaItem: isItsOwn ? own : null,
    resources,
    markedAtMs: ports.clock.nowMs(),
    revision: revision + 1,
  };
}

/** One that was removed before is quiet already, and is waited for all the same: it costs a minute and a half. */
async function begin(ports: ErasePorts, removed: Erasure): Promise<Erasure | null> {
  const next: Erasure = {
    ...removed,
    stage: "erasing",
    markedAtMs: ports.clock.nowMs(),
    revision: removed.revision + 1,
  };
  return (await ports.eraser.mark(next)) === "stored" ? next : null;
}

/** Clears kind by kind; `of` is the erasure with how far it came. */
async function clearAll(
  ports: ErasePorts,
  erasure: Erasure,
  untilMs: number,
): Promise<{ readonly removed: Remains; readonly left: boolean; readonly of: Erasure }> {
  let removed = noRemains;
  let of = erasure;
  const kinds = [...remainKinds];
  for (let clears = 0; clears < clearsMax && kinds[0] !== undefined; clears++) {
    if (ports.clock.nowMs() >= untilMs) break;
    const cleared = await ports.eraser.clear(kinds[0], of);
    removed = addRemains(removed, cleared.removed);
    of = cleared.answersAfter === undefined ? of : { ...erasure, answersAfter: cleared.answersAfter };
    if (!cleared.left) kinds.shift();
  }
  if (kinds.length > 0) return { removed, left: true, of };
  const late = await clearOnce(ports, of);
  return { removed: addRemains(removed, late), left: remainKinds.some((kind) => late[kind] > 0), of };
}

/** What one look finds of each kind: something may have come to one while the others were cleared, and an end is for ever. */
async function clearOnce(ports: ErasePorts, of: Erasure): Promise<Remains> {
  let removed = noRemains;
  // The answers would have to be looked through from their beginning, and nothing but a call of the API adds to them.
  for (const kind of remainKinds.filter((each) => each !== "answers"))
    removed = addRemains(removed, (await ports.eraser.clear(kind, of)).removed);
  return removed;
}

async function finish(ports: ErasePorts, begun: Erasure): Promise<"stored" | "superseded"> {
  const { answersAfter: _seen, ...erasure } = begun;
  return ports.eraser.mark({
    ...erasure,
    stage: "erased",
    tenantId: null,
    account: null,
    quotaItem: null,
    revision: erasure.revision + 1,
  });
}
