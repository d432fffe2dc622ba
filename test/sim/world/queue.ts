import type { Ground } from "../kernel/ground.ts";
import type { Prng } from "../kernel/prng.ts";

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly sentAtMs: number;
}

interface Held extends Message {
  visibleAtMs: number;
  receives: number;
}

export interface QueueSettings {
  readonly visibilityMs: number;
  /** After so many receives the message goes to the dead letters. */
  readonly receivesMax: number;
  readonly duplicate: number;
  readonly lateMs: number;
}

/** A standard queue of SQS: at least once, in no order, hidden for a while once received, redriven when received too often. */
export class SimulatedQueue {
  readonly name: string;
  readonly deadLetters: SimulatedQueue | null;
  /** Called when there may be something to receive. */
  onVisible: () => void = () => {};
  readonly #ground: Ground;
  readonly #prng: Prng;
  readonly #settings: QueueSettings;
  readonly #messages = new Map<string, Held>();
  #sent = 0;

  constructor(ground: Ground, prng: Prng, name: string, settings: QueueSettings, deadLetters: SimulatedQueue | null) {
    this.#ground = ground;
    this.#prng = prng;
    this.name = name;
    this.#settings = settings;
    this.deadLetters = deadLetters;
  }

  send(body: string, delayMs: number): void {
    const { coverage } = this.#ground;
    this.#hold(body, delayMs);
    if (!this.#ground.isFaulty() || !this.#prng.chance(this.#settings.duplicate)) return;
    coverage.count("message delivered twice");
    this.#hold(body, delayMs + this.#prng.between(0, 60_000));
  }

  /** Hides what it returns. Which of the visible messages come is chance. */
  receive(countMax: number): readonly Message[] {
    const nowMs = this.#ground.loop.nowMs();
    const visible = [...this.#messages.values()].filter((message) => message.visibleAtMs <= nowMs);
    const taken: Message[] = [];
    while (taken.length < countMax && visible.length > 0) {
      const index = this.#ground.isFaulty() ? Math.floor(this.#prng.unit() ** 2 * visible.length) : 0;
      const [message] = visible.splice(index, 1);
      if (message === undefined) break;
      if (index > 0) this.#ground.coverage.count("message overtook others");
      if (message.receives >= this.#settings.receivesMax) this.#redrive(message);
      else taken.push(this.#hide(message, nowMs));
    }
    return taken;
  }

  delete(id: string): void {
    this.#messages.delete(id);
  }

  hasVisible(): boolean {
    const nowMs = this.#ground.loop.nowMs();
    for (const message of this.#messages.values()) if (message.visibleAtMs <= nowMs) return true;
    return false;
  }

  all(): readonly Message[] {
    return [...this.#messages.values()];
  }

  #hold(body: string, delayMs: number): void {
    const { loop } = this.#ground;
    const id = `${this.name}-${++this.#sent}`;
    // SQS delays by whole seconds, and takes its time.
    const visibleAtMs =
      loop.nowMs() + Math.ceil(delayMs / 1_000) * 1_000 + this.#prng.between(1, this.#settings.lateMs);
    this.#messages.set(id, { id, body, sentAtMs: loop.nowMs(), visibleAtMs, receives: 0 });
    loop.at(visibleAtMs, () => this.onVisible());
  }

  #hide(message: Held, nowMs: number): Message {
    message.receives += 1;
    message.visibleAtMs = nowMs + this.#settings.visibilityMs;
    if (message.receives > 1) this.#ground.coverage.count("message came again");
    this.#ground.loop.at(message.visibleAtMs, () => this.onVisible());
    return message;
  }

  #redrive(message: Held): void {
    this.#ground.coverage.count("message redriven");
    this.#messages.delete(message.id);
    this.deadLetters?.send(message.body, 0);
  }
}
