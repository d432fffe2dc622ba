import type { Context } from "aws-lambda";
import config from "#config";
import { wrapHandler } from "../lib/aws/handler.ts";
import { createPorts } from "../lib/aws/ports.ts";
import { readJob, workBatch } from "../lib/aws/queue-batch.ts";
import { registryOf } from "../lib/engine/registry.ts";
import { consumeJob } from "../lib/flows/consume-job.ts";

/** Kept back of the function's time, to save what is in hand and leave. */
const leavingMs = 10_000;

const ports = createPorts(process.env, registryOf(config.partners));

/** Works the jobs of one lane. */
export const handler = wrapHandler(ports, async (event: unknown, context: Context) => {
  const deadlineMs = ports.clock.nowMs() + Math.max(0, context.getRemainingTimeInMillis() - leavingMs);
  const worker = { workerId: context.awsRequestId, deadlineMs };
  return workBatch(event, ports.log, async (record) => consumeJob(ports, readJob(record), worker));
});
