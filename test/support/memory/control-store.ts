import { atRest, isAtRest } from "../../../lib/engine/control.ts";
import type { Control } from "../../../lib/engine/control.ts";
import type { ControlStore } from "../../../lib/engine/ports.ts";

/** What people and breakers want, never older than it is; counts its writes. */
export class MemoryControlStore implements ControlStore {
  writes = 0;
  readonly #controls = new Map<string, Control>();

  async read(partner: string, connectionId: string | null): Promise<Control> {
    const stored = this.#controls.get(keyOf({ partner, connectionId }));
    return stored === undefined ? atRest(partner, connectionId) : structuredClone(stored);
  }

  async compareAndSet(next: Control): Promise<"stored" | "superseded"> {
    if ((this.#controls.get(keyOf(next))?.revision ?? 0) !== next.revision - 1) return "superseded";
    this.writes += 1;
    this.#controls.set(keyOf(next), structuredClone(next));
    return "stored";
  }

  async held(partner: string, limit: number): Promise<readonly Control[]> {
    return [...this.#controls.values()]
      .filter((control) => control.partner === partner && control.connectionId !== null && !isAtRest(control))
      .slice(0, limit)
      .map((control) => structuredClone(control));
  }
}

function keyOf({ partner, connectionId }: Pick<Control, "partner" | "connectionId">): string {
  return JSON.stringify([partner, connectionId]);
}
