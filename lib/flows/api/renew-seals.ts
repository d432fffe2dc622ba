import * as z from "zod";
import { appendAudit } from "../connections/append-audit.ts";
import { renewSeals } from "../renew-seals.ts";
import { actorOf } from "./actor.ts";
import { findPartner } from "./find-partner.ts";
import { route } from "./route.ts";

/** After the stage's key was changed: puts what is stored under the new one, a page of connections at a time. */
export const renewSealsRoutes = [
  route({
    method: "POST",
    path: "/credentials/re-encrypt",
    needs: "admin",
    reach: "stage",
    query: z.strictObject({}),
    body: z.strictObject({
      partner: z.string().max(100).optional(),
      cursor: z.string().max(2_000).optional(),
      limit: z.int().min(1).max(100).optional(),
    }),
    handle: async (ports, { body, request }) => {
      const partner = body.partner === undefined ? null : findPartner(ports, body.partner).name;
      await appendAudit(ports, actorOf(request), "credentials.re-encrypt", partner ?? "every partner", {});
      const page = { limit: body.limit ?? 100, cursor: body.cursor ?? null };
      return { status: 200, data: await renewSeals(ports, partner, page) };
    },
  }),
];
