import * as z from "zod";
import { appendAudit } from "../connections/append-audit.ts";
import { rebuildRecords } from "../rebuild-records.ts";
import { actorOf } from "./actor.ts";
import { scopeOf } from "./records.ts";
import { route } from "./route.ts";

/** Proves, a page at a time, that history alone gives the same records; with `repair` it closes what gaps it finds. */
export const rebuildRoutes = [
  route({
    method: "POST",
    path: "/connections/{id}/rebuild/{resource}",
    needs: "operator",
    reach: "tenant",
    query: z.strictObject({}),
    body: z.strictObject({
      cursor: z.string().max(2_000).optional(),
      limit: z.int().min(1).max(100).optional(),
      repair: z.boolean().optional(),
    }),
    handle: async (ports, { params, body, request }) => {
      const scope = await scopeOf(ports, params.id, params.resource);
      const repair = body.repair ?? false;
      if (repair)
        await appendAudit(ports, actorOf(request), "history.repair", scope.connectionId, { resource: scope.resource });
      const page = { limit: body.limit ?? 100, cursor: body.cursor ?? null };
      return { status: 200, data: await rebuildRecords(ports, scope, page, repair) };
    },
  }),
];
