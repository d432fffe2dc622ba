import config from "#config";
import { readStreamChanges } from "../lib/aws/change-stream.ts";
import { wrapHandler } from "../lib/aws/handler.ts";
import { createPorts } from "../lib/aws/ports.ts";
import { registryOf } from "../lib/engine/registry.ts";
import { publishChanges } from "../lib/flows/publish-changes.ts";

const ports = createPorts(process.env, registryOf(config.partners));
const world = { stage: ports.environment.stage, bucket: ports.bucket };

/** Takes the tables' streams to history and bus, in order; what fails stops its batch there, and the batch comes again from it. */
export const handler = wrapHandler(ports, async (event: unknown) => {
  const stoppedAt = await publishChanges(ports, readStreamChanges(event, world));
  return { batchItemFailures: stoppedAt === null ? [] : [{ itemIdentifier: stoppedAt }] };
});
