import { changed } from "../../../lib/engine/control.ts";
import type { Wish } from "../../../lib/engine/control.ts";
import type { Failure } from "../../../lib/engine/ports.ts";
import { changeControl } from "../../../lib/flows/change-control.ts";
import { recoverConnections, recoverControl } from "../../../lib/flows/recover-partner.ts";
import type { RecoverOrder } from "../../../lib/flows/recover-partner.ts";
import { replayFailure } from "../../../lib/flows/replay-failure.ts";
import type { Prng } from "../kernel/prng.ts";
import type { SimulatedFunction } from "./simulated-function.ts";
import type { World } from "./world.ts";

const minute = 60_000;

/** Those who run the deployment: they pause and resume, skip a backlog and import afresh, and replay failures. */
export class People {
  readonly #world: World;
  readonly #prng: Prng;
  readonly #operator: SimulatedFunction;

  constructor(world: World, prng: Prng, operator: SimulatedFunction) {
    this.#world = world;
    this.#prng = prng;
    this.#operator = operator;
  }

  start(): void {
    this.#replayNowAndThen();
    const { pauses, recoveries } = this.#world.conditions;
    if (pauses) this.#pauseNowAndThen();
    if (recoveries) this.#recoverNowAndThen();
  }

  /** Whatever stands open then is replayed, what a full pass held included. */
  rest(): void {
    for (const afterMs of [60 * minute, 80 * minute, 100 * minute])
      this.#world.ground.loop.after(afterMs, () => this.#replayAll());
  }

  /** A backlog is worth nothing any more: it is skipped, and everything is imported afresh. */
  #recoverNowAndThen(): void {
    const { loop, coverage } = this.#world.ground;
    loop.after(this.#prng.exponential(20 * minute), () => {
      if (!this.#world.ground.isFaulty()) return;
      const { name } = this.#prng.pick(this.#world.partners).conditions;
      coverage.count("partner purged and refreshed");
      const wish = { sinceMs: Math.floor(loop.nowMs()), by: "somebody", reason: "a flood" };
      this.#recover(name, { how: "purge-and-refresh", resources: null, full: true }, wish);
      this.#recoverNowAndThen();
    });
  }

  /** Until it is done: the same order twice changes nothing more, but its mark is of when it was given. */
  #recover(partner: string, order: RecoverOrder, wish: Wish): void {
    const driver = this.#world.drivers.find(({ name }) => name === partner);
    if (driver === undefined) throw new RangeError(`no driver of ${partner}`);
    void this.#operator
      .invoke(async (ports) => {
        if ((await recoverControl(ports, driver, order, wish)) === null) return false;
        let cursor: string | null = null;
        do {
          const page: { readonly next: string | null } = await recoverConnections(ports, driver, order, cursor);
          cursor = page.next;
        } while (cursor !== null);
        return true;
      })
      .then((ended) => {
        if (ended.kind !== "returned" || !ended.value)
          this.#world.ground.loop.after(5_000, () => this.#recover(partner, order, wish));
      });
  }

  /** A person takes a partner or one connection out of service, and puts it back a while later. */
  #pauseNowAndThen(): void {
    const { loop, coverage } = this.#world.ground;
    loop.after(this.#prng.exponential(40 * minute), () => {
      if (!this.#world.ground.isFaulty()) return;
      const { conditions, accounts } = this.#prng.pick(this.#world.partners);
      const account = this.#prng.pick(accounts);
      const connectionId = this.#prng.chance(0.5) ? null : this.#world.connectionIdOf(conditions.name, account.name);
      const of = { partner: conditions.name, connectionId };
      coverage.count(connectionId === null ? "partner paused" : "connection paused");
      const sinceMs = Math.floor(loop.nowMs());
      this.#setPause(of, { sinceMs, by: "somebody", reason: "maintenance" });
      loop.after(this.#prng.between(1, 15) * minute, () => this.#setPause(of, null));
      this.#pauseNowAndThen();
    });
  }

  /** Until it is so: a person sees that it failed, and tries again. */
  #setPause(of: { readonly partner: string; readonly connectionId: string | null }, pause: Wish | null): void {
    void this.#operator
      .invoke((ports) => changeControl(ports, of, (current) => changed(current, { pause })))
      .then((ended) => {
        if (ended.kind !== "returned" || ended.value === null)
          this.#world.ground.loop.after(5_000, () => this.#setPause(of, pause));
      });
  }

  #replayNowAndThen(): void {
    this.#world.ground.loop.after(this.#prng.exponential(15 * minute), () => {
      if (!this.#world.ground.isFaulty()) return;
      this.#replayAll();
      this.#replayNowAndThen();
    });
  }

  #replayAll(): void {
    for (const failure of this.#world.stores.failures.all()) {
      if (failure.status !== "open" || failure.job === null) continue;
      this.#world.ground.coverage.count("failure replayed");
      this.#replay(failure);
    }
  }

  /** Marked and not sent, it is the person who asked that sees an error, and asks again; and so when told to wait for an import's end. */
  #replay(failure: Failure): void {
    void this.#operator
      .invoke((ports) => replayFailure(ports, failure))
      .then((ended) => {
        const isToWait =
          ended.kind === "returned" && ended.value.kind === "refused" && ended.value.isImporting === true;
        if (ended.kind !== "returned" || isToWait) this.#world.ground.loop.after(20_000, () => this.#replay(failure));
      });
  }
}
