import { changed } from "../../../lib/engine/control.ts";
import type { Wish } from "../../../lib/engine/control.ts";
import type { Failure } from "../../../lib/engine/ports.ts";
import type { Run } from "../../../lib/engine/run.ts";
import { changeControl } from "../../../lib/flows/change-control.ts";
import { recoverConnections, recoverControl } from "../../../lib/flows/recover-partner.ts";
import type { RecoverHow, RecoverOrder } from "../../../lib/flows/recover-partner.ts";
import { replayFailure } from "../../../lib/flows/replay-failure.ts";
import type { Prng } from "../kernel/prng.ts";
import { resourceName } from "../partner/driver.ts";
import type { SimulatedFunction } from "./simulated-function.ts";
import type { WorkerPorts } from "./worker-ports.ts";
import type { World } from "./world.ts";

const minute = 60_000;

/** Those who run the deployment: they pause and resume, drain, skip a backlog and import afresh, and replay failures. */
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

  /** What becomes of a backlog: it is skipped and imported afresh, or left alone for a while and then worked off. */
  #recoverNowAndThen(): void {
    const { loop } = this.#world.ground;
    loop.after(this.#prng.exponential(20 * minute), () => {
      if (!this.#world.ground.isFaulty()) return;
      const { name } = this.#prng.pick(this.#world.partners).conditions;
      void this.#recoverOnce(name, this.#prng.pick(["purge-and-refresh", "purge-and-refresh", "pause", "drain"]));
      this.#recoverNowAndThen();
    });
  }

  async #recoverOnce(partner: string, how: RecoverHow): Promise<void> {
    const { ground } = this.#world;
    const resources = this.#prng.chance(0.5) ? [resourceName] : null;
    const order = { how, resources, full: how === "purge-and-refresh" };
    await this.#recover(partner, order);
    // It was not the last of the flood: said again while the first order's import is under way.
    if (order.full && this.#prng.chance(0.5) && (await this.#isPassing(partner))) {
      ground.coverage.count("purged again during a full pass");
      await this.#recover(partner, order);
    }
    if (how !== "pause") return;
    await ground.loop.sleep(this.#prng.between(1, 15) * minute);
    await this.#recover(partner, { how: "drain", resources, full: false });
  }

  /** Waits for up to some minutes until a full pass of this partner has begun to fetch. */
  async #isPassing(partner: string): Promise<boolean> {
    const { ground, stores } = this.#world;
    for (let looks = 0; looks < 600; looks++) {
      const passing = stores.runs.all().some((run) => run.partner === partner && run.mode === "full" && isHalfWay(run));
      if (passing) return true;
      await ground.loop.sleep(500);
    }
    return false;
  }

  /** Until it is done: the same order twice changes nothing more, but its mark is of when it was given. */
  async #recover(partner: string, order: RecoverOrder): Promise<void> {
    const { ground, drivers } = this.#world;
    const driver = drivers.find(({ name }) => name === partner);
    if (driver === undefined) throw new RangeError(`no driver of ${partner}`);
    const { how, resources, full } = order;
    ground.coverage.count(`recover ${how}${resources === null ? "" : " of a resource"}`);
    const wish = { sinceMs: Math.floor(ground.loop.nowMs()), by: "somebody", reason: "a flood" };
    const recovered = async (ports: WorkerPorts): Promise<boolean> => {
      if ((await recoverControl(ports, driver, order, wish)) === null) return false;
      let cursor: string | null = null;
      do {
        const page: { readonly next: string | null } = await recoverConnections(ports, driver, order, cursor);
        cursor = page.next;
      } while (cursor !== null);
      return true;
    };
    if (full) ground.tell({ kind: "full-pass-asked", partner, atMs: wish.sinceMs });
    for (;;) {
      const ended = await this.#operator.invoke(recovered);
      if (ended.kind === "returned" && ended.value) return;
      await ground.loop.sleep(5_000);
    }
  }

  /** A person takes a partner or one connection out of service, or lets no imports begin, and puts it back a while later. */
  #pauseNowAndThen(): void {
    const { loop } = this.#world.ground;
    loop.after(this.#prng.exponential(40 * minute), () => {
      if (!this.#world.ground.isFaulty()) return;
      void this.#pauseOnce();
      this.#pauseNowAndThen();
    });
  }

  async #pauseOnce(): Promise<void> {
    const { loop, coverage } = this.#world.ground;
    const { conditions, accounts } = this.#prng.pick(this.#world.partners);
    const account = this.#prng.pick(accounts);
    const what = this.#prng.pick(["pause", "pause", "schedules"] as const);
    const isWhole = what === "schedules" || this.#prng.chance(0.5);
    const connectionId = isWhole ? null : this.#world.connectionIdOf(conditions.name, account.name);
    const of = { partner: conditions.name, connectionId };
    const taken = what === "pause" ? "paused" : "drained";
    coverage.count(`${connectionId === null ? "partner" : "connection"} ${taken}`);
    const wish = { sinceMs: Math.floor(loop.nowMs()), by: "somebody", reason: "maintenance" };
    await this.#setWish(of, what, wish);
    await loop.sleep(this.#prng.between(1, 15) * minute);
    await this.#setWish(of, what, null);
  }

  /** Until it is so: a person sees that it failed, and tries again. */
  async #setWish(
    of: { readonly partner: string; readonly connectionId: string | null },
    what: "pause" | "schedules",
    wish: Wish | null,
  ): Promise<void> {
    for (;;) {
      const ended = await this.#operator.invoke((ports) =>
        changeControl(ports, of, (current) => changed(current, { [what]: wish })),
      );
      if (ended.kind === "returned" && ended.value !== null) return;
      await this.#world.ground.loop.sleep(5_000);
    }
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

function isHalfWay({ status, lease }: Run): boolean {
  return status.kind === "active" && lease !== null;
}
