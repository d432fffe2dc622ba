import type { BucketScope, Clock, Gate, GateGauge, GateState, Random, Reservation } from "../../../lib/engine/ports.ts";

type ReserveRequest = Parameters<Gate["reserve"]>[0];
type SettleOutcome = Parameters<Gate["settle"]>[1];
type Refusal = Extract<Reservation, { kind: "refused" }>;

/** Grants everything at once, unless the test says otherwise; remembers what was asked and how it ended. */
export class MemoryGate implements Gate, GateGauge {
  readonly reservations: ReserveRequest[] = [];
  readonly settlements: { readonly id: string; readonly outcome: SettleOutcome }[] = [];
  readonly #clock: Clock;
  readonly #random: Random;
  #refuse: (request: ReserveRequest) => Refusal | null = () => null;
  readonly #notBeforeMs = new Map<string, number>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** What the gate says no to, and until when; null grants. */
  refuseWhen(refuse: (request: ReserveRequest) => Refusal | null): void {
    this.#refuse = refuse;
  }

  async reserve(request: ReserveRequest): Promise<Reservation> {
    this.reservations.push(request);
    const refusal = this.#refuse(request);
    if (refusal !== null) return refusal;
    const nowMs = this.#clock.nowMs();
    const notBeforeMs = Math.max(nowMs, ...request.scopes.map((scope) => this.#notBeforeMs.get(keyOf(scope)) ?? 0));
    if (notBeforeMs > request.deadlineMs) return { kind: "refused", retryAtMs: notBeforeMs, reason: "limit" };
    const sendAtMs = Array.from({ length: request.want }, () => notBeforeMs);
    return { kind: "granted", id: this.#random.id(), sendAtMs, lateMsMax: 100 };
  }

  async settle(id: string, outcome: SettleOutcome): Promise<void> {
    this.settlements.push({ id, outcome });
    const { notBeforeMs } = outcome.hints;
    if (notBeforeMs === null) return;
    for (const scope of outcome.scopes) {
      this.#notBeforeMs.set(keyOf(scope), Math.max(notBeforeMs, this.#notBeforeMs.get(keyOf(scope)) ?? 0));
    }
  }

  async look(item: string): Promise<GateState> {
    const nowMs = this.#clock.nowMs();
    const held = [...this.#notBeforeMs].flatMap(([key, atMs]) => (itemOf(key) === item && atMs > nowMs ? [atMs] : []));
    return { heldUntilMs: held.length === 0 ? null : Math.max(...held), limitsInUse: held.length };
  }
}

function itemOf(key: string): unknown {
  const parts: unknown = JSON.parse(key);
  return Array.isArray(parts) ? parts[0] : null;
}

function keyOf(scope: BucketScope): string {
  return JSON.stringify([scope.item, scope.bucket]);
}
