import * as z from "zod";
import { EmergencyOrder, type EmergencyReport } from "../../engine/emergency.ts";
import { appendAudit } from "../connections/append-audit.ts";
import { actorOf } from "./actor.ts";
import { findPartner } from "./find-partner.ts";
import { type ApiProblem, problem } from "./problem.ts";
import type { ApiPorts, ApiRequest } from "./request.ts";
import { route } from "./route.ts";

/** Works a lane by hand, for when the functions that should do not. */
export const emergencyRoutes = [
  route({
    method: "POST",
    path: "/partners/{partner}/emergency",
    needs: "operator",
    reach: "stage",
    query: z.strictObject({}),
    body: EmergencyOrder,
    handle: async (ports, { params, body, request }) => {
      const { name } = findPartner(ports, params.partner);
      const detail = { lane: body.lane, count: String(body.count) };
      await appendAudit(ports, actorOf(request), "partner.emergency", name, detail);
      const report = await work(ports, request, name, body);
      if (report === null) throw notDeployed(name);
      if (report.kind === "held") throw problem(409, "partner-held", report.why);
      const { kind: _kind, ...counts } = report;
      return { status: 200, data: { partner: name, lane: body.lane, ...counts } };
    },
  }),
];

async function work(
  ports: ApiPorts,
  request: ApiRequest,
  partner: string,
  order: EmergencyOrder,
): Promise<EmergencyReport | null> {
  try {
    return await ports.workInEmergency(partner, order);
  } catch (error) {
    ports.log.error("the emergency function failed", { requestId: request.requestId, partner, error });
    const message = `The emergency function of ${partner} failed or did not answer in time; see the log of emergency-work. Nothing is lost: what it had in hand comes back to the lane.`;
    throw problem(503, "emergency-failed", message);
  }
}

function notDeployed(partner: string): ApiProblem {
  const message = `There is no function emergency-work of ${partner}; deploy the partner's stack, then ask again.`;
  return problem(503, "partner-not-ready", message);
}
