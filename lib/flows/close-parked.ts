import type { ResourceDriver } from "../engine/define-partner.ts";
import type { Ports } from "../engine/ports.ts";
import { skewMsMax } from "../engine/record.ts";
import type { Run } from "../engine/run.ts";
import { parkedPrefix } from "./park-record.ts";

/** More are closed by the next pass. */
const closedMax = 200;

/**
 * Closes what was parked before a full pass began and not again by it: the pass saw everything, so the thing was saved or
 * is no more. What is parked while this looks stays open. Done twice, it is done once.
 */
export async function closeParked(
  ports: Pick<Ports, "clock" | "failures" | "metrics">,
  resource: ResourceDriver,
  run: Run,
): Promise<void> {
  const isPartial = resource.isPartialList === true || resource.page.isPartial === true;
  if (run.mode !== "full" || isPartial) return;
  const { partner, connectionId } = run;
  const of = { partner, connectionId, idPrefix: parkedPrefix(run.resource) };
  // By another worker's clock, perhaps.
  const parked = await ports.failures.openBefore(of, run.checkpoint.beganMs - skewMsMax, closedMax);
  let closed = 0;
  for (const failure of parked) {
    const nowMs = ports.clock.nowMs();
    if ((await ports.failures.move(failure, ["open"], "resolved", nowMs, failure.lastSeenAtMs)) === "moved") closed++;
  }
  if (closed > 0) ports.metrics.count("ParkedClosed", closed, { partner });
}
