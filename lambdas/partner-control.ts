import type { Context } from "aws-lambda";
import config from "#config";
import { createClients } from "../lib/aws/clients.ts";
import { partnerOf } from "../lib/aws/environment.ts";
import { wrapHandler } from "../lib/aws/handler.ts";
import { createMappings, mappingIdsIn } from "../lib/aws/mappings.ts";
import { createPorts } from "../lib/aws/ports.ts";
import { registryOf } from "../lib/engine/registry.ts";
import { controlPartner } from "../lib/flows/control-partner.ts";

/** Kept back of the function's time, to store what a probe came to. */
const leavingMs = 10_000;

const ports = createPorts(process.env, registryOf(config.partners));
const partner = partnerOf(ports.environment);
const mappings = createMappings(mappingIdsIn(process.env), createClients(ports.environment).lambda);

/** Once a minute: makes what is polled agree with what is wanted, probes, and lets go what was held. */
export const handler = wrapHandler(ports, async (_event: unknown, context: Context) => {
  const driver = ports.partners.find(partner);
  if (driver === null) throw new Error(`no partner "${partner}" in this deployment; add it to sluice.config.ts`);
  const deadlineMs = ports.clock.nowMs() + Math.max(0, context.getRemainingTimeInMillis() - leavingMs);
  const report = await controlPartner({ ...ports, mappings }, driver, { workerId: context.awsRequestId, deadlineMs });
  // Everything is done by then. Failing is how the function's one alarm hears of it, with no metric to pay for.
  if (report.amiss.length > 0)
    throw new Error(`${driver.title}: ${report.amiss.join("; ")}. See the runbook partner-held.`);
  return report;
});
