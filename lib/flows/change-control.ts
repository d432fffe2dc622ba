import type { Control } from "../engine/control.ts";
import type { Ports } from "../engine/ports.ts";

const triesMax = 4;

/**
 * Changes a control by compare-and-set, looking again where somebody else was first. `change` returns the very control it
 * was given when there is nothing to store.
 *
 * @returns what is stored now, and whether this call stored it; null when others were first each time
 */
export async function changeControl(
  ports: Pick<Ports, "control">,
  of: Pick<Control, "partner" | "connectionId">,
  change: (control: Control) => Control,
): Promise<{ readonly control: Control; readonly stored: boolean } | null> {
  for (let tries = 0; tries < triesMax; tries++) {
    const current = await ports.control.read(of.partner, of.connectionId, { fresh: true });
    const next = change(current);
    if (next === current) return { control: current, stored: false };
    if ((await ports.control.compareAndSet(next)) === "stored") return { control: next, stored: true };
  }
  return null;
}
