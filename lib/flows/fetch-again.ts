import type { Lane } from "../engine/job.ts";
import type { Ports } from "../engine/ports.ts";
import { skewMsMax } from "../engine/record.ts";
import { refreshJob } from "../engine/refresh-job.ts";
import type { SaveTarget } from "./save-records.ts";

/** Has each thing fetched by itself, later: nothing says whether what came is newer than what is stored. */
export async function fetchAgain(
  ports: Pick<Ports, "clock" | "lanes">,
  { driver, connection, resourceName, trace }: SaveTarget,
  externalIds: readonly string[],
  lane: Lane,
): Promise<void> {
  const of = { partner: driver.name, connectionId: connection.connectionId, resource: resourceName, trace };
  for (const externalId of externalIds) {
    const job = refreshJob({ ...of, externalId }, ports.clock.nowMs());
    // Its own lane: this worker may send to no other.
    await ports.lanes.send({ ...job, lane }, 2 * skewMsMax);
  }
}
