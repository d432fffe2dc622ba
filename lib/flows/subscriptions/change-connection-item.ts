import type { Connection, Ports } from "../../engine/ports.ts";

const triesMax = 8;

/** Stores what `change` makes of the connection as it is; null from it leaves everything as it is. */
export async function changeItem(
  ports: Pick<Ports, "clock" | "connections">,
  { partner, connectionId }: Pick<Connection, "partner" | "connectionId">,
  change: (current: Connection, nowMs: number) => Connection | null,
): Promise<{ readonly kind: "stored"; readonly connection: Connection } | { readonly kind: "gone" | "unwanted" }> {
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const current = await ports.connections.read(partner, connectionId);
    if (current === null) return { kind: "gone" };
    const nowMs = ports.clock.nowMs();
    const changed = change(current, nowMs);
    if (changed === null) return { kind: "unwanted" };
    const next = { ...changed, revision: current.revision + 1, updatedAtMs: nowMs };
    if ((await ports.connections.compareAndSet(next)) === "stored") return { kind: "stored", connection: next };
  }
  throw new Error(`Connection ${connectionId} is changed by others all the time; this is tried again by itself.`);
}
