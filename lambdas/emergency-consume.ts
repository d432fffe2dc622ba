import type { Context } from "aws-lambda";
import config from "#config";
import { createClients } from "../lib/aws/clients.ts";
import { partnerOf } from "../lib/aws/environment.ts";
import { wrapHandler } from "../lib/aws/handler.ts";
import { createLaneReader } from "../lib/aws/lane-reader.ts";
import { createPorts } from "../lib/aws/ports.ts";
import { EmergencyOrder } from "../lib/engine/emergency.ts";
import { registryOf } from "../lib/engine/registry.ts";
import { emergencyConsume } from "../lib/flows/emergency-consume.ts";

/** Kept back of the function's time: what is in hand is put down, and whoever invoked it gets its answer. */
const leavingMs = 7_000;

const ports = createPorts(process.env, registryOf(config.partners));
const partner = partnerOf(ports.environment);
const laneReader = createLaneReader(ports.environment, createClients(ports.environment).sqs);

/** Works a lane by hand when its consumers do not: `sluice emergency`. */
export const handler = wrapHandler(ports, async (event: unknown, context: Context) => {
  const deadlineMs = ports.clock.nowMs() + Math.max(0, context.getRemainingTimeInMillis() - leavingMs);
  const worker = { workerId: context.awsRequestId, deadlineMs };
  return emergencyConsume({ ...ports, laneReader }, partner, EmergencyOrder.parse(event), worker);
});
