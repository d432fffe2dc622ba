import type { Control } from "../../../lib/engine/control.ts";
import type { Clock, ControlStore } from "../../../lib/engine/ports.ts";

const keptMs = 5_000;

/** What one worker knows of the controls: up to 5 seconds old, unless it asks for the store's own word. */
export function cachedControl(store: ControlStore, clock: Clock): ControlStore {
  const kept = new Map<string, { readonly control: Control; readonly atMs: number }>();
  return {
    async read(partner, connectionId, options) {
      const key = `${partner} ${connectionId ?? ""}`;
      const former = kept.get(key);
      if (options?.fresh !== true && former !== undefined && clock.nowMs() - former.atMs < keptMs)
        return former.control;
      const control = await store.read(partner, connectionId, { fresh: true });
      kept.set(key, { control, atMs: clock.nowMs() });
      return control;
    },
    compareAndSet: (next) => store.compareAndSet(next),
    held: (partner, limit) => store.held(partner, limit),
  };
}
