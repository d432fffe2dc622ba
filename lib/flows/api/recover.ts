import * as z from "zod";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import { appendAudit } from "../connections/append-audit.ts";
import { recoverConnections, recoverControl } from "../recover-partner.ts";
import { actorOf } from "./actor.ts";
import { findPartner } from "./find-partner.ts";
import { partnerContended, Said } from "./partner-control.ts";
import { partnerStanding } from "./partner-standing.ts";
import { problem } from "./problem.ts";
import { route } from "./route.ts";

const Recovery = z
  .strictObject({
    ...Said.shape,
    how: z.enum(["drain", "purge-and-refresh", "pause"]),
    resources: z.array(z.string().min(1).max(80)).min(1).max(50).optional(),
    full: z.boolean().default(false),
    /** From a former call's `next`. */
    cursor: z.string().max(4_000).optional(),
  })
  .refine(({ how, full }) => !full || how === "purge-and-refresh", {
    path: ["full"],
    message: "Goes with purge-and-refresh alone.",
  });

/** What becomes of what an outage left behind. */
export const recoverRoutes = [
  route({
    method: "POST",
    path: "/partners/{partner}/recover",
    needs: "operator",
    reach: "stage",
    query: z.strictObject({}),
    body: Recovery,
    handle: async (ports, { params, body, request }) => {
      const driver = findPartner(ports, params.partner);
      const { how, full, reason } = body;
      const order = { how, full, resources: resourcesIn(driver, body.resources) };
      const actor = actorOf(request);
      if (body.cursor === undefined) {
        const by = body.by ?? actor.name;
        const detail = { how, by, reason, resources: order.resources?.join(",") ?? "all", full: String(full) };
        await appendAudit(ports, actor, "partner.recover", driver.name, detail);
        const wish = { sinceMs: ports.clock.nowMs(), by, reason };
        if ((await recoverControl(ports, driver, order, wish)) === null) throw partnerContended();
      }
      const page = await recoverConnections(ports, driver, order, body.cursor ?? null);
      return { status: 200, data: { ...(await partnerStanding(ports, driver)), how, ...page } };
    },
  }),
];

function resourcesIn(driver: PartnerDriver, names: readonly string[] | undefined): readonly string[] | null {
  if (names === undefined) return null;
  const known = Object.keys(driver.resources);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return [...new Set(names)];
  throw problem(400, "invalid-field", `${driver.title} has no such resource; it has ${known.join(", ")}.`, "resources");
}
