import config from "#config";
import { partnerOf } from "../lib/aws/environment.ts";
import { wrapHandler } from "../lib/aws/handler.ts";
import { createPorts } from "../lib/aws/ports.ts";
import { workBatch } from "../lib/aws/queue-batch.ts";
import { registryOf } from "../lib/engine/registry.ts";
import { archiveFailure } from "../lib/flows/archive-failure.ts";

const ports = createPorts(process.env, registryOf(config.partners));
const partner = partnerOf(ports.environment);

/** Takes the partner's dead-letter queue to the failures table. */
export const handler = wrapHandler(ports, async (event: unknown) =>
  workBatch(event, ports.log, async ({ messageId, body }) => archiveFailure(ports, { partner, messageId, body })),
);
