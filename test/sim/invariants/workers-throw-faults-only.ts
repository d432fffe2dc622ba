import { ServiceFault } from "../world/fault-layer.ts";
import type { InvariantOf } from "./invariant.ts";

/** A worker rejects because a service failed it, or says in words why its message has to come back; never by a slip of its own. */
export const workersThrowFaultsOnly: InvariantOf = (_world, broken) => ({
  observe(event) {
    if (event.kind !== "worker-threw" || event.error instanceof ServiceFault) return;
    const { error } = event;
    if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
      broken(`${event.worker}: ${error.stack ?? String(error)}`);
  },
});
