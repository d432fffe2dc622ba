import * as z from "zod";
import { changed } from "../../engine/control.ts";
import type { Control, Wish } from "../../engine/control.ts";
import { changeControl } from "../change-control.ts";
import { appendAudit } from "../connections/append-audit.ts";
import { actorOf } from "./actor.ts";
import type { Reply } from "./envelope.ts";
import { findPartner } from "./find-partner.ts";
import { partnerStanding } from "./partner-standing.ts";
import { type ApiProblem, problem } from "./problem.ts";
import type { ApiPorts, AuthorisedRequest } from "./request.ts";
import { route } from "./route.ts";

/** Who wishes it, and why: shown to everybody who meets the partner held. The name is as it was said; the audit log has the key that said it. */
export const Said = z.strictObject({
  reason: z.string().trim().min(1).max(300),
  by: z.string().trim().min(1).max(80).optional(),
});

const query = z.strictObject({});

/** A whole partner paused, drained, resumed. Asking twice is asking once: the first wish stands. */
export const partnerControlRoutes = [
  route({
    method: "POST",
    path: "/partners/{partner}/pause",
    needs: "operator",
    reach: "stage",
    query,
    body: Said,
    handle: (ports, { params, body, request }) =>
      changePartner(ports, request, params.partner, "pause", body, (control, wish) =>
        control.pause === null ? changed(control, { pause: wish }) : control,
      ),
  }),
  route({
    method: "POST",
    path: "/partners/{partner}/drain",
    needs: "operator",
    reach: "stage",
    query,
    body: Said,
    handle: (ports, { params, body, request }) =>
      changePartner(ports, request, params.partner, "drain", body, (control, wish) =>
        control.schedules === null ? changed(control, { schedules: wish }) : control,
      ),
  }),
  route({
    method: "GET",
    path: "/partners/{partner}/drain",
    needs: "viewer",
    reach: "stage",
    query,
    handle: async (ports, { params }) => ({
      status: 200,
      data: await partnerStanding(ports, findPartner(ports, params.partner)),
    }),
  }),
  route({
    method: "POST",
    path: "/partners/{partner}/resume",
    needs: "operator",
    reach: "stage",
    query,
    body: z.strictObject({
      /** `schedules`: only what a drain stopped; a pause stays. */
      what: z.enum(["all", "schedules"]).default("all"),
      by: Said.shape.by,
    }),
    handle: (ports, { params, body, request }) =>
      changePartner(ports, request, params.partner, "resume", { reason: body.what, by: body.by }, (control) =>
        resumed(control, body.what),
      ),
  }),
];

function resumed(control: Control, what: "all" | "schedules"): Control {
  const pause = what === "all" ? null : control.pause;
  if (control.pause === pause && control.schedules === null) return control;
  return changed(control, { pause, schedules: null });
}

async function changePartner(
  ports: ApiPorts,
  request: AuthorisedRequest,
  partner: string,
  action: "pause" | "drain" | "resume",
  said: { readonly reason: string; readonly by?: string | undefined },
  change: (control: Control, wish: Wish) => Control,
): Promise<Reply> {
  const driver = findPartner(ports, partner);
  const actor = actorOf(request);
  const by = said.by ?? actor.name;
  await appendAudit(ports, actor, `partner.${action}`, partner, { by, reason: said.reason });
  const wish = { sinceMs: ports.clock.nowMs(), by, reason: said.reason };
  const result = await changeControl(ports, { partner, connectionId: null }, (control) => change(control, wish));
  if (result === null) throw partnerContended();
  return { status: 200, data: await partnerStanding(ports, driver) };
}

export function partnerContended(): ApiProblem {
  return problem(409, "changed-meanwhile", "Others changed this partner's state at the same time; ask again.");
}
