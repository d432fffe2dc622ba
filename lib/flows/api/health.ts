import * as z from "zod";
import { route } from "./route.ts";
import { isoTime } from "./time.ts";

/** Says that the API answers, and nothing more: it needs no key, so it must cost no look-up and tell strangers nothing. */
export const healthRoutes = [
  route({
    method: "GET",
    path: "/health",
    needs: "nothing",
    reach: "tenant",
    query: z.strictObject({}),
    handle: async (ports) => ({
      status: 200,
      data: { service: "sluice", apiVersion: 1, time: isoTime(ports.clock.nowMs()) },
    }),
  }),
];
