import type { Ports, ResourceState } from "../engine/ports.ts";

const triesMax = 5;

/** Changes how a resource stands, whoever else is changing it: reads, computes, stores on condition, and looks again when it lost. */
export async function changeResource(
  ports: Pick<Ports, "connections">,
  of: Pick<ResourceState, "partner" | "connectionId" | "resource">,
  change: (state: ResourceState) => ResourceState,
): Promise<ResourceState | null> {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const state = await ports.connections.readResource(of.partner, of.connectionId, of.resource);
    if (state === null) return null;
    const next = { ...change(state), revision: state.revision + 1 };
    if ((await ports.connections.compareAndSetResource(next)) === "stored") return next;
  }
  throw new Error(
    `The state of ${of.resource} of ${of.connectionId} changed ${triesMax} times while it was being changed; the message comes back.`,
  );
}
