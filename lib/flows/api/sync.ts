import * as z from "zod";
import { importedByThemselves } from "../../engine/child-driver.ts";
import type { PartnerDriver } from "../../engine/define-partner.ts";
import { fingerprintOf } from "../../engine/fingerprint.ts";
import type { Connection } from "../../engine/ports.ts";
import { appendAudit } from "../connections/append-audit.ts";
import { readOrCreateState } from "../connections/arm-resources.ts";
import { startRun } from "../start-run.ts";
import type { StartResult } from "../start-run.ts";
import { actorOf } from "./actor.ts";
import { driverOf, findConnection } from "./find-connection.ts";
import { problem } from "./problem.ts";
import type { ApiPorts } from "./request.ts";
import { route } from "./route.ts";
import { takenOrUnavailable } from "./taken-or-unavailable.ts";

/** "Import now": a run of one resource, or of each. */
export const syncRoutes = [
  route({
    method: "POST",
    path: "/connections/{id}/sync",
    needs: "operator",
    reach: "tenant",
    query: z.strictObject({}),
    body: z.strictObject({
      resource: z.string().min(1).max(80).optional(),
      mode: z.enum(["full", "incremental"]).optional(),
    }),
    handle: async (ports, { params, body, request, idempotencyKey }) => {
      const connection = await findConnection(ports, params.id);
      const driver = driverOf(ports, connection);
      const resources =
        body.resource === undefined ? importedByThemselves(driver) : [resourceIn(driver, body.resource)];
      if (connection.status !== "active") {
        const message = `The connection is ${connection.status}; make it active first.`;
        throw problem(409, `connection-${connection.status}`, message);
      }
      const detail = { resources: resources.join(","), mode: body.mode ?? "as due" };
      await appendAudit(ports, actorOf(request), "connection.sync", connection.connectionId, detail);
      // Asked for twice with one key, even by way of a crash, it is one run.
      const slot = `manual-${idempotencyKey === null ? ports.random.id() : fingerprintOf([idempotencyKey])}`;
      const runs = [];
      for (const resource of resources) {
        const start = startOne(ports, driver, connection, { resource, mode: body.mode ?? null, slot });
        runs.push(resultView(resource, await takenOrUnavailable(ports, request, start)));
      }
      return { status: 202, data: { connectionId: connection.connectionId, runs } };
    },
  }),
];

function resourceIn(driver: PartnerDriver, name: string): string {
  const imported = importedByThemselves(driver);
  if (imported.includes(name)) return name;
  const known = imported.join(", ");
  throw problem(400, "invalid-field", `${driver.title} has no such resource to import; it has ${known}.`, "resource");
}

async function startOne(
  ports: ApiPorts,
  driver: PartnerDriver,
  connection: Connection,
  wanted: { readonly resource: string; readonly mode: "full" | "incremental" | null; readonly slot: string },
): Promise<StartResult> {
  const state = await readOrCreateState(ports, connection, wanted.resource, ports.clock.nowMs());
  return startRun(ports, { driver, connection, state, mode: wanted.mode, trigger: "manual", slot: wanted.slot });
}

function resultView(resource: string, result: StartResult): Readonly<Record<string, unknown>> {
  if (result.kind === "refused") return { resource, result: "refused", reason: result.reason, runId: null, mode: null };
  return { resource, result: result.kind, reason: null, runId: result.run.runId, mode: result.run.mode };
}
