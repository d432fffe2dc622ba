import type { Connection, Ports } from "../../engine/ports.ts";
import { type HeldView, heldViews } from "./held-view.ts";

/** What holds a connection back: first what holds its whole partner, then what holds it alone. */
export async function heldOf(
  ports: Pick<Ports, "control">,
  { partner, connectionId }: Pick<Connection, "partner" | "connectionId">,
): Promise<readonly HeldView[]> {
  const [whole, own] = await Promise.all([
    ports.control.read(partner, null),
    ports.control.read(partner, connectionId),
  ]);
  return [...heldViews(whole), ...heldViews(own)];
}
