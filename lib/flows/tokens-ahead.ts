import { noHints } from "../engine/gate/no-hints.ts";
import { reservationId } from "../engine/gate/reservation-id.ts";
import type { Gate, LimitHints, Ports, Reservation } from "../engine/ports.ts";

type Request = Parameters<Gate["reserve"]>[0];

export type TokenPorts = Pick<Ports, "gate" | "clock" | "metrics">;

/** A token that was granted with others, for a call that has not come yet. */
interface Kept {
  readonly id: string;
  readonly dateMs: number;
  readonly lateMsMax: number;
}

/** As many as save most of the writes: what is asked for is lost to others until it is used or given back. */
const aheadMax = 8;
/** So many calls have to have come at about the same distance. */
const regularCalls = 4;
/** A token that is later than this is abandoned, so calls that vary by more would waste what was asked for. */
const spreadMsMax = 100;

/**
 * Takes one worker's tokens for calls that follow one another: several with one write, dated as far apart as the calls are, where
 * they come regularly or the limit makes them wait for longer than they vary; twice as many each time, until one is wasted. What
 * a call is too late for is abandoned. A worker that dies loses what it has in hand: no call is sent for it, and it counts as
 * long as a call of its date would. Calls under way and learnt limits are asked for one at a time.
 *
 * @example const tokens = new TokensAhead(ports, driver); await callPartner(ports, { …, tokens }); await tokens.giveBack();
 */
export class TokensAhead implements Pick<Gate, "reserve"> {
  readonly #ports: TokenPorts;
  readonly #partner: string;
  #kept: readonly Kept[] = [];
  /** What the kept ones were asked for with. */
  #asked: Request | null = null;
  #want = 1;
  /** How far apart the last calls came, each from being sent to the next one's asking. */
  #distancesMs: readonly number[] = [];
  #sentAtMs: number | null = null;
  #isLimited = false;

  constructor(ports: TokenPorts, { name }: { readonly name: string }) {
    this.#ports = ports;
    this.#partner = name;
  }

  async reserve(request: Request): Promise<Reservation> {
    const nowMs = this.#ports.clock.nowMs();
    if (this.#asked !== null && !isSame(this.#asked, request)) await this.#forget();
    if (this.#sentAtMs !== null)
      this.#distancesMs = [...this.#distancesMs, nowMs - this.#sentAtMs].slice(-regularCalls);
    this.#sentAtMs = null;
    this.#abandonLate(nowMs);
    return this.#next(request.deadlineMs, nowMs) ?? this.#askFor(request, nowMs);
  }

  /** What is left is nobody's: others may have it. */
  async giveBack(): Promise<void> {
    const [kept, asked] = [this.#kept, this.#asked];
    this.#kept = [];
    if (kept.length === 0 || asked === null) return;
    const { scopes, connectionId, weight } = asked;
    const id = reservationId(kept[0]?.id.split("~", 1)[0] ?? "", { weight, dates: kept.map(({ dateMs }) => dateMs) });
    const outcome = { scopes, connectionId, sent: 0, unused: kept.length, kinds: [], hints: noHints };
    await this.#ports.gate.settle(id, outcome);
  }

  /** The partner asked to be left alone, or has less left than is in hand: what was asked for before it said so is not used. */
  async heed({ notBeforeMs, remaining }: Pick<LimitHints, "notBeforeMs" | "remaining">): Promise<void> {
    const inHand = this.#kept.length * (this.#asked?.weight ?? 1);
    if (notBeforeMs === null && remaining.every((window) => window.remaining >= inHand)) return;
    this.#want = 1;
    await this.giveBack();
  }

  #abandonLate(nowMs: number): void {
    const inTime = this.#kept.filter(({ dateMs, lateMsMax }) => nowMs <= dateMs + lateMsMax);
    const late = this.#kept.length - inTime.length;
    if (late === 0) return;
    this.#kept = inTime;
    this.#want = 1;
    this.#ports.metrics.count("TokensAbandoned", late, { partner: this.#partner });
  }

  #next(deadlineMs: number, nowMs: number): Reservation | null {
    const [first, ...rest] = this.#kept;
    if (first === undefined || first.dateMs > deadlineMs) return null;
    this.#kept = rest;
    this.#sentAtMs = Math.max(nowMs, first.dateMs);
    return { kind: "granted", id: first.id, sendAtMs: [first.dateMs], lateMsMax: first.lateMsMax };
  }

  async #askFor(request: Request, nowMs: number): Promise<Reservation> {
    await this.giveBack();
    const want = this.#wanted(request);
    const paceMs = want === 1 ? 0 : this.#paceMs();
    const reservation = await this.#ports.gate.reserve({ ...request, want, ...(want > 1 && { paceMs }) });
    if (reservation.kind === "refused") return reservation;
    const [unique = ""] = reservation.id.split("~", 1);
    const { lateMsMax, sendAtMs } = reservation;
    this.#asked = request;
    this.#kept = sendAtMs.map((dateMs, index) => ({
      id: reservationId(`${unique}.${index}`, { weight: request.weight, dates: [dateMs] }),
      dateMs,
      lateMsMax,
    }));
    const lastMs = sendAtMs.at(-1) ?? nowMs;
    // By more than calls vary: otherwise the next may come too late for a date that was in time for this one.
    this.#isLimited = lastMs > nowMs + (want - 1) * paceMs + lateMsMax + this.#spreadMs();
    this.#want = Math.min(aheadMax, want * 2);
    return this.#next(request.deadlineMs, nowMs) ?? reservation;
  }

  #wanted({ scopes }: Request): number {
    // A call under way is counted from its date until it is answered: dated ahead, it would hold a place that it does not need.
    // A learnt limit takes what was dated for sent, and would rise on what is given back.
    const isOneByOne = ({ rule }: Request["scopes"][number]) => rule.kind === "concurrency" || rule.kind === "learnt";
    if (scopes.length === 0 || scopes.some(isOneByOne)) return 1;
    if (this.#distancesMs.length === 0) return 1;
    const isRegular = this.#distancesMs.length === regularCalls && this.#spreadMs() <= spreadMsMax;
    return isRegular || this.#isLimited ? this.#want : 1;
  }

  #spreadMs(): number {
    if (this.#distancesMs.length === 0) return 0;
    return Math.max(...this.#distancesMs) - Math.min(...this.#distancesMs);
  }

  #paceMs(): number {
    const sumMs = this.#distancesMs.reduce((sum, each) => sum + each, 0);
    return Math.ceil(sumMs / this.#distancesMs.length);
  }

  async #forget(): Promise<void> {
    await this.giveBack();
    this.#asked = null;
    this.#want = 1;
    this.#distancesMs = [];
    this.#sentAtMs = null;
  }
}

/** Only calls that count alike can use one another's tokens. */
function isSame(one: Request, other: Request): boolean {
  const keyOf = ({ scopes, weight, lane, connectionId }: Request) =>
    JSON.stringify([weight, lane, connectionId, scopes]);
  return keyOf(one) === keyOf(other);
}
