import { auditRoutes } from "./audit.ts";
import { compareRoutes } from "./compare.ts";
import { connectionRoutes } from "./connections.ts";
import { driftRoutes } from "./drift.ts";
import { emergencyRoutes } from "./emergency.ts";
import { eraseRoutes } from "./erase.ts";
import { failureRoutes } from "./failures.ts";
import { healthRoutes } from "./health.ts";
import { historyRoutes } from "./history.ts";
import { keyRoutes } from "./keys.ts";
import { partnerControlRoutes } from "./partner-control.ts";
import { oauthRoutes } from "./oauth.ts";
import { modelRoutes } from "./models.ts";
import { partnerRoutes } from "./partners.ts";
import { pauseRoutes } from "./pause.ts";
import { rebuildRoutes } from "./rebuild.ts";
import { recordRoutes } from "./records.ts";
import { recoverRoutes } from "./recover.ts";
import { renewSealsRoutes } from "./renew-seals.ts";
import type { Route } from "./route.ts";
import { runRoutes } from "./runs.ts";
import { statusRoutes } from "./status.ts";
import { syncRoutes } from "./sync.ts";
import { syncStatusRoutes } from "./sync-status.ts";
import { waitingRoutes } from "./waiting.ts";
import { webhookRoutes } from "./webhooks.ts";

/** Everything that the API answers, version 1. */
export const routes: readonly Route[] = [
  ...healthRoutes,
  ...statusRoutes,
  ...partnerRoutes,
  ...modelRoutes,
  ...driftRoutes,
  ...partnerControlRoutes,
  ...recoverRoutes,
  ...emergencyRoutes,
  ...oauthRoutes,
  ...connectionRoutes,
  ...webhookRoutes,
  ...pauseRoutes,
  ...syncRoutes,
  ...syncStatusRoutes,
  ...compareRoutes,
  ...waitingRoutes,
  ...runRoutes,
  ...recordRoutes,
  ...historyRoutes,
  ...rebuildRoutes,
  ...failureRoutes,
  ...eraseRoutes,
  ...renewSealsRoutes,
  ...keyRoutes,
  ...auditRoutes,
];
