import type { Control } from "../../../lib/engine/control.ts";
import type { Clock, ControlStore } from "../../../lib/engine/ports.ts";

const keptMs = 5_000;

/** What one worker knows of the controls, as on AWS: what it read or stored in the last 5 seconds, unless it asks for the store's own word. */
export function cachedControl(store: ControlStore, clock: Clock): ControlStore {
  const kept = new Map<string, { readonly control: Control; readonly atMs: number }>();
  return {
    async read(partner, connectionId, options) {
      const key = keyOf({ partner, connectionId });
      const former = kept.get(key);
      if (options?.fresh !== true && former !== undefined && clock.nowMs() - former.atMs < keptMs)
        return former.control;
      const control = await store.read(partner, connectionId, { fresh: true });
      kept.set(key, { control, atMs: clock.nowMs() });
      return control;
    },
    async compareAndSet(next) {
      const result = await store.compareAndSet(next);
      if (result === "stored") kept.set(keyOf(next), { control: next, atMs: clock.nowMs() });
      else kept.delete(keyOf(next));
      return result;
    },
    held: (partner, limit) => store.held(partner, limit),
  };
}

function keyOf({ partner, connectionId }: Pick<Control, "partner" | "connectionId">): string {
  return `${partner} ${connectionId ?? ""}`;
}
