import type { Ground } from "../kernel/ground.ts";
import type { Prng } from "../kernel/prng.ts";
import type { Account, Thing } from "./account.ts";
import type { SimulatedPartner } from "./simulated-partner.ts";

export interface WebhookEvent {
  readonly account: string;
  readonly things: readonly Thing[];
  /** Its body is more than a queue takes. */
  readonly isLarge: boolean;
}

/** @returns whether it was taken; a partner sends again what was not. */
export type DeliverWebhook = (event: WebhookEvent) => Promise<boolean>;

/** At rest, a pass over everything comes as often. */
const oftenMs = 3_600_000;
const retriesMs = [10_000, 60_000, 300_000, 900_000];

/** What happens at the partner by itself: its things change, and it tells of that, twice, late, in another order, or never. */
export class ChangeMaker {
  readonly #ground: Ground;
  readonly #prng: Prng;
  readonly #partner: SimulatedPartner;
  readonly #deliver: DeliverWebhook;

  constructor(ground: Ground, prng: Prng, partner: SimulatedPartner, deliver: DeliverWebhook) {
    this.#ground = ground;
    this.#prng = prng;
    this.#partner = partner;
    this.#deliver = deliver;
  }

  start(): void {
    const { massDeletionAfterMs } = this.#partner.conditions;
    if (massDeletionAfterMs !== null) this.#ground.loop.after(massDeletionAfterMs, () => this.#deleteMost());
    this.#goOn();
  }

  #goOn(): void {
    const { changeEveryMs, burst } = this.#partner.conditions;
    this.#ground.loop.after(this.#prng.exponential(changeEveryMs), () => {
      if (!this.#ground.isFaulty()) return;
      const times = this.#prng.chance(0.01) ? burst : 0;
      for (let time = 0; time <= times; time++) this.#changeOne();
      this.#goOn();
    });
  }

  /** What fits no schema is mended, so that all can converge. */
  mend(): void {
    for (const account of this.#partner.accounts) {
      for (const thing of account.things()) {
        if (typeof thing.amount === "number") continue;
        this.#announce(account, [account.change(thing.id, 1, this.#partner.nowMs())]);
      }
    }
  }

  /** In silence: no webhook tells of it, so that a pass over everything has to find it. */
  #deleteMost(): void {
    const account = this.#prng.pick(this.#partner.accounts);
    const things = account.things().filter(() => this.#prng.chance(0.7));
    for (const { id } of things) account.delete(id, this.#partner.nowMs());
    this.#ground.coverage.count("most of an account's things deleted at once");
  }

  #changeOne(): void {
    const account = this.#prng.pick(this.#partner.accounts);
    const things = account.things();
    const nowMs = this.#partner.nowMs();
    const drawn = this.#prng.unit();
    this.#ground.coverage.count("changed at the partner");
    if (things.length === 0 || drawn < 0.15) return this.#announce(account, [account.create(nowMs, this.#amount())]);
    const { id } = this.#prng.pick(things);
    if (drawn < 0.25) return this.#announce(account, [account.delete(id, nowMs)]);
    if (drawn < 0.3) return this.#announceSeveral(account);
    const gone = account.ids().filter((one) => account.thing(one)?.isDeleted === true);
    if (drawn < 0.35 && gone.length > 0)
      return this.#announce(account, [account.change(this.#prng.pick(gone), this.#amount(), nowMs)]);
    this.#announce(account, [account.change(id, this.#amountAfter(account, id), nowMs)]);
  }

  #announceSeveral(account: Account): void {
    const ids = account.things().slice(0, this.#prng.int(2, 6));
    this.#announce(
      account,
      ids.map(({ id }) => account.change(id, this.#amount(), this.#partner.nowMs())),
    );
  }

  #amount(): number {
    return this.#prng.int(1, 1_000_000);
  }

  #amountAfter(account: Account, id: string): number | string {
    const { reverts, badThing } = this.#partner.conditions;
    if (this.#prng.chance(badThing)) return "a number, once";
    const former = account.states(id).filter((state) => !state.isDeleted);
    // Back to what it was: the same digest as a state that may still be on its way.
    if (this.#prng.chance(reverts) && former.length > 1) return former.at(-2)?.amount ?? this.#amount();
    return this.#amount();
  }

  #announce(account: Account, things: readonly Thing[]): void {
    const { webhooks, increment, fullEveryMs } = this.#partner.conditions;
    // A deletion is in no list: a feed names it, or a pass over everything misses it; without either its webhook must arrive.
    const isFound = increment === "feed" || fullEveryMs <= oftenMs;
    const mayBeLost = isFound || things.every((thing) => !thing.isDeleted);
    if (mayBeLost && this.#ground.isFaulty() && this.#prng.chance(webhooks.lost)) {
      this.#ground.coverage.count("webhook never sent");
      return;
    }
    const event = { account: account.name, things, isLarge: this.#prng.chance(webhooks.large) };
    this.#send(event, this.#prng.exponential(webhooks.lateMs), 0, !mayBeLost);
    if (!this.#prng.chance(webhooks.duplicate)) return;
    this.#ground.coverage.count("webhook sent twice");
    this.#send(event, this.#prng.between(0, 120_000), 0, false);
  }

  #send(event: WebhookEvent, afterMs: number, tries: number, untilTaken: boolean): void {
    this.#ground.loop.after(afterMs, () => {
      void this.#deliver(event).then((isTaken) => {
        if (isTaken) return;
        this.#ground.coverage.count("webhook not taken");
        const retryMs = retriesMs[tries] ?? (untilTaken ? 900_000 : null);
        if (retryMs !== null) this.#send(event, retryMs, tries + 1, untilTaken);
      });
    });
  }
}
