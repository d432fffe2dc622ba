import * as z from "zod";
import { applyChange } from "./apply-change.ts";
import { findConnection } from "./find-connection.ts";
import { route } from "./route.ts";

/** A PATCH of the status in words of their own, for people at a terminal; asking twice is asking once. */
export const pauseRoutes = [
  route({
    method: "POST",
    path: "/connections/{id}/pause",
    needs: "operator",
    reach: "tenant",
    query: z.strictObject({}),
    body: z.strictObject({}),
    handle: async (ports, { params, request }) =>
      applyChange(ports, request, await findConnection(ports, params.id), { status: "paused" }),
  }),
  route({
    method: "POST",
    path: "/connections/{id}/resume",
    needs: "operator",
    reach: "tenant",
    query: z.strictObject({}),
    body: z.strictObject({}),
    handle: async (ports, { params, request }) =>
      applyChange(ports, request, await findConnection(ports, params.id), { status: "active" }),
  }),
];
