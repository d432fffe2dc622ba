import type { Lane } from "../../../lib/engine/job.ts";
import type { Mappings, MappingState } from "../../../lib/engine/ports.ts";
import type { EventSourceMapping } from "./event-source-mapping.ts";

/** One partner's event source mappings, as the function that switches them sees them. */
export class SimulatedMappings implements Mappings {
  readonly #mappings: ReadonlyMap<Lane, EventSourceMapping>;

  constructor(mappings: ReadonlyMap<Lane, EventSourceMapping>) {
    this.#mappings = mappings;
  }

  async list(): Promise<readonly { readonly lane: Lane; readonly state: MappingState }[]> {
    return [...this.#mappings].map(([lane, mapping]) => ({ lane, state: mapping.state() }));
  }

  async set(lane: Lane, enabled: boolean): Promise<void> {
    const mapping = this.#mappings.get(lane);
    if (mapping === undefined) throw new RangeError(`no mapping of ${lane}`);
    // As AWS says it: one that is changing takes no other change.
    if (mapping.state() === "changing") throw new Error("ResourceInUseException");
    mapping.set(enabled);
  }
}
