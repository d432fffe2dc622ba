import * as z from "zod";
import { pageFields, pageOf, pageRequestOf } from "./page-query.ts";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";

/** Who did what: one day at a time, as it is kept. */
export const auditRoutes = [
  route({
    method: "GET",
    path: "/audit",
    needs: "admin",
    reach: "stage",
    query: z.strictObject({ ...pageFields, day: z.iso.date().optional() }),
    handle: async (ports, { query }) => {
      const day = query.day ?? new Date(ports.clock.nowMs()).toISOString().slice(0, 10);
      const page = await ports.audit.list(day, pageRequestOf(query));
      return { status: 200, data: { ...pageOf(page, entryView), day } };
    },
  }),
];

function entryView({ atMs, ...entry }: { readonly atMs: number }): Readonly<Record<string, unknown>> {
  return { at: isoTime(atMs), ...entry };
}
