import type { Acknowledgement } from "../engine/pages/page-strategy.ts";
import { callPartner } from "./call-partner.ts";
import type { CallPorts } from "./call-partner.ts";
import type { ImportPlace } from "./import-place.ts";
import type { Stop, WorkContext } from "./outcome.ts";

/** Tells the partner that a page is kept. Refused, the page comes again, which does no harm. */
export async function acknowledge(
  ports: CallPorts,
  { driver, connection }: Pick<ImportPlace, "driver" | "connection">,
  what: Acknowledgement | null,
  { deadlineMs }: WorkContext,
): Promise<Stop | null> {
  if (what === null) return null;
  const { method, path } = what;
  const request = { ...what, query: {}, endpoint: `${method} ${path}` };
  const result = await callPartner(ports, { driver, connection, request, lane: "imports", deadlineMs });
  return result.kind === "ok" ? null : result;
}
