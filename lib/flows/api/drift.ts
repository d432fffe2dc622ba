import * as z from "zod";
import { readShapeNote, shapesOwner } from "../../engine/shape-note.ts";
import { findPartner } from "./find-partner.ts";
import type { ApiPorts } from "./request.ts";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";

/** What of a partner's shapes has changed, and since when. Paths and types, never values. */
export const driftRoutes = [
  route({
    method: "GET",
    path: "/partners/{partner}/drift",
    needs: "viewer",
    // Shapes are learnt of all tenants' things together.
    reach: "stage",
    query: z.strictObject({}),
    handle: async (ports, { params }) => {
      const driver = findPartner(ports, params.partner);
      const names = Object.keys(driver.resources);
      const resources = await Promise.all(names.map((name) => resourceView(ports, driver.name, name)));
      return { status: 200, data: { partner: driver.name, at: isoTime(ports.clock.nowMs()), resources } };
    },
  }),
];

async function resourceView(
  ports: Pick<ApiPorts, "connections">,
  partner: string,
  resource: string,
): Promise<Readonly<Record<string, unknown>>> {
  const stored = await ports.connections.readNote(partner, shapesOwner, resource);
  const note = stored === null ? null : readShapeNote(stored.body);
  if (note === null) return { resource, learntSince: null, paths: 0, changes: [] };
  const changes = note.changes.map(({ atMs, ...change }) => ({ at: isoTime(atMs), ...change }));
  return { resource, learntSince: isoTime(note.sinceMs), paths: note.shape.paths.size, changes };
}
