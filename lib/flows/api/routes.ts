import { connectionRoutes } from "./connections.ts";
import { failureRoutes } from "./failures.ts";
import { healthRoutes } from "./health.ts";
import { partnerRoutes } from "./partners.ts";
import { recordRoutes } from "./records.ts";
import type { Route } from "./route.ts";
import { runRoutes } from "./runs.ts";
import { syncRoutes } from "./sync.ts";

/** Everything that the API answers, version 1. */
export const routes: readonly Route[] = [
  ...healthRoutes,
  ...partnerRoutes,
  ...connectionRoutes,
  ...syncRoutes,
  ...runRoutes,
  ...recordRoutes,
  ...failureRoutes,
];
