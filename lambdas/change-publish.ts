import config from "#config";
import { wrapHandler } from "../lib/aws/handler.ts";
import { createPorts } from "../lib/aws/ports.ts";
import { readStreamChanges } from "../lib/aws/record-stream.ts";
import { tableNameFor } from "../lib/engine/names.ts";
import { registryOf } from "../lib/engine/registry.ts";
import { publishChange } from "../lib/flows/publish-change.ts";

const ports = createPorts(process.env, registryOf(config.partners));
const table = tableNameFor(ports.environment.stage, "records");

/** Takes the records' stream to their history, in order; one that fails stops its batch there, and the batch comes again from it. */
export const handler = wrapHandler(ports, async (event: unknown) => {
  for (const change of readStreamChanges(event, table, ports.bucket)) {
    try {
      await publishChange(ports, await change.read());
    } catch (error) {
      ports.log.error("a change was not published; the stream brings it again", { sequence: change.sequence, error });
      return { batchItemFailures: [{ itemIdentifier: change.sequence }] };
    }
  }
  return { batchItemFailures: [] };
});
