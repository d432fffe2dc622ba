import type { Clock, Gate, GateGauge, Reservation } from "../ports.ts";
import { noHints } from "./no-hints.ts";
import { reservationId, tokensOf } from "./reservation-id.ts";

type Request = Parameters<Gate["reserve"]>[0];
type Outcome = Parameters<Gate["settle"]>[1];
type Granted = Extract<Reservation, { kind: "granted" }>;

/** What one worker asks for within this time is asked for once. */
const gatherMs = 3;
/** At most so many tokens are asked for at once; what comes on top begins another gathering. */
const togetherMax = 128;
/** Those who got nothing learn from a second asking when to come back. */
const roundsMax = 2;
const comeBackMs = 250;

interface Ask {
  readonly request: Request;
  readonly answer: (reservation: Reservation) => void;
  readonly fail: (error: unknown) => void;
}

interface Gathering {
  readonly asks: Ask[];
  want: number;
}

/**
 * A gate that takes for all of one worker's calls together what they ask for at the same moment: ten webhooks in a batch are one
 * read and one write. Its own calls on an item follow one another, so that a worker never loses a write to itself.
 *
 * @example const gate = askedTogether(createSharedGate({ items, clock, random }), clock);
 */
export function askedTogether(gate: Gate & GateGauge, clock: Clock): Gate & GateGauge {
  const gatherings = new Map<string, Gathering>();
  const lastOf = new Map<string, Promise<unknown>>();

  const inTurn = async <T>(scopes: Request["scopes"], act: () => Promise<T>): Promise<T> => {
    const items = [...new Set(scopes.map((scope) => scope.item))];
    const before = items.flatMap((item) => lastOf.get(item) ?? []);
    const turn = Promise.allSettled(before).then(act);
    for (const item of items) lastOf.set(item, turn);
    try {
      return await turn;
    } finally {
      for (const item of items) if (lastOf.get(item) === turn) lastOf.delete(item);
    }
  };

  const send = async (key: string, gathering: Gathering, scopes: Request["scopes"]): Promise<void> => {
    try {
      await clock.sleep(gatherMs);
      await inTurn(scopes, async () => {
        // Whoever asked while others had their turn is in it as well.
        if (gatherings.get(key) === gathering) gatherings.delete(key);
        await serve(gate, gathering.asks, clock);
      });
    } catch (error) {
      if (gatherings.get(key) === gathering) gatherings.delete(key);
      for (const ask of gathering.asks) ask.fail(error);
    }
  };

  return {
    reserve(request) {
      if (request.scopes.length === 0) return gate.reserve(request);
      // What follows its own calls in its own pace is not to be dealt out among others.
      if (request.paceMs !== undefined) return inTurn(request.scopes, () => gate.reserve(request));
      const key = keyOf(request);
      return new Promise((answer, fail) => {
        const open = gatherings.get(key);
        const joins = open !== undefined && open.want + request.want <= togetherMax;
        const gathering = joins ? open : { asks: [], want: 0 };
        gathering.asks.push({ request, answer, fail });
        gathering.want += request.want;
        if (joins) return;
        gatherings.set(key, gathering);
        void send(key, gathering, request.scopes);
      });
    },
    settle: (id, outcome) => inTurn(outcome.scopes, () => gate.settle(id, outcome)),
    look: (item) => gate.look(item),
  };
}

/** Only calls that count in the same buckets, for the same connection and of the same weight, can be asked for as one. */
function keyOf({ scopes, weight, lane, connectionId }: Request): string {
  return JSON.stringify([weight, lane, connectionId, scopes]);
}

async function serve(gate: Gate, asks: readonly Ask[], clock: Clock): Promise<void> {
  // Who can wait least is served first.
  let open = asks.toSorted((a, b) => a.request.deadlineMs - b.request.deadlineMs);
  for (let round = 0; round < roundsMax && open.length > 0; round += 1) {
    const together = togetherOf(open);
    if (together === null) return;
    const reservation = await gate.reserve(together);
    if (reservation.kind === "refused") {
      for (const ask of open) ask.answer(reservation);
      return;
    }
    open = await dealOut(gate, together, reservation, open);
  }
  const retryAtMs = clock.nowMs() + comeBackMs;
  for (const ask of open) ask.answer({ kind: "refused", retryAtMs, reason: "limit" });
}

function togetherOf(asks: readonly Ask[]): Request | null {
  const [first] = asks;
  if (first === undefined) return null;
  const want = asks.reduce((sum, { request }) => sum + request.want, 0);
  return { ...first.request, want, deadlineMs: Math.max(...asks.map(({ request }) => request.deadlineMs)) };
}

/** Answers those for whom there is a token in time, and answers with the others. What nobody can use is given back. */
async function dealOut(gate: Gate, together: Request, granted: Granted, asks: readonly Ask[]): Promise<Ask[]> {
  const { weight } = tokensOf(granted.id);
  let dates = granted.sendAtMs;
  const left: Ask[] = [];
  for (const [index, ask] of asks.entries()) {
    const inTime = dates.slice(0, ask.request.want).filter((dateMs) => dateMs <= ask.request.deadlineMs);
    if (inTime.length === 0) {
      left.push(ask);
      continue;
    }
    dates = dates.slice(inTime.length);
    const id = reservationId(`${uniqueOf(granted.id)}.${index}`, { weight, dates: inTime });
    ask.answer({ ...granted, id, sendAtMs: inTime });
  }
  if (dates.length > 0) {
    const id = reservationId(uniqueOf(granted.id), { weight, dates });
    await gate.settle(id, unusedOf(together, dates.length));
  }
  return left;
}

function unusedOf({ scopes, connectionId }: Request, unused: number): Outcome {
  return { scopes, connectionId, sent: 0, unused, kinds: [], hints: noHints };
}

function uniqueOf(id: string): string {
  return id.split("~", 1)[0] ?? id;
}
