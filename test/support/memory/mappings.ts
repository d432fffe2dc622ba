import { lanes } from "../../../lib/engine/job.ts";
import type { Lane } from "../../../lib/engine/job.ts";
import type { Clock, Mappings, MappingState } from "../../../lib/engine/ports.ts";

interface MappingNow {
  readonly enabled: boolean;
  /** Until then it is on its way there. */
  readonly changingUntilMs: number;
}

/** Event source mappings whose updates take their time, as on AWS; remembers what was asked of them. */
export class MemoryMappings implements Mappings {
  readonly asked: { readonly lane: Lane; readonly enabled: boolean; readonly atMs: number }[] = [];
  changeMs = 20_000;
  readonly #now = new Map<Lane, MappingNow>(lanes.map((lane) => [lane, { enabled: true, changingUntilMs: 0 }]));
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async list(): Promise<readonly { readonly lane: Lane; readonly state: MappingState }[]> {
    return lanes.map((lane) => ({ lane, state: this.state(lane) }));
  }

  async set(lane: Lane, enabled: boolean): Promise<void> {
    this.asked.push({ lane, enabled, atMs: this.#clock.nowMs() });
    // A mapping that is changing refuses another change.
    if (this.state(lane) === "changing") return;
    this.#now.set(lane, { enabled, changingUntilMs: this.#clock.nowMs() + this.changeMs });
  }

  state(lane: Lane): MappingState {
    const now = this.#now.get(lane);
    if (now === undefined || now.changingUntilMs > this.#clock.nowMs()) return "changing";
    return now.enabled ? "enabled" : "disabled";
  }

  /** Whether its messages are taken: while it is being disabled they still are. */
  polls(lane: Lane): boolean {
    const state = this.state(lane);
    const now = this.#now.get(lane);
    return state === "enabled" || (state === "changing" && now?.enabled === false);
  }

  /** As a deployment does it: at once, and asking nobody. */
  deploy(enabled: boolean): void {
    for (const lane of lanes) this.#now.set(lane, { enabled, changingUntilMs: 0 });
  }
}
