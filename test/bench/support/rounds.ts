/** One thing to measure: answers with its measurement of one round. */
export type Contestant = () => Promise<number> | number;

export interface RoundOptions {
  readonly rounds: number;
  /** Run before and not counted. */
  readonly warmUps: number;
  /** No round is begun after this, once `roundsMin` are done: a slow machine gets fewer rounds, not a longer wait. */
  readonly timeMsMax: number;
  readonly roundsMin: number;
}

/**
 * Measures all contestants in turn, round by round (ABC, CAB, BCA…), so that whatever else the machine does falls on all
 * of them alike. The measurements of a round stand at the same index.
 */
export async function interleave<const Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  options: RoundOptions,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  // Object.keys forgets that these are the names the object was made with.
  const names = Object.keys(contestants) as Name[];
  // As above, for a record built from its entries.
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  const startedMs = performance.now();
  for (let round = -options.warmUps; round < options.rounds; round++) {
    if (round >= options.roundsMin && performance.now() - startedMs > options.timeMsMax) break;
    for (const name of turned(names, round + options.warmUps)) {
      const value = await contestants[name]();
      if (round >= 0) measured[name].push(value);
    }
  }
  return measured;
}

function turned<T>(items: readonly T[], by: number): readonly T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/** One value a round, from the measurements of that round. */
export function byRound<Name extends string>(
  measured: Readonly<Record<Name, readonly number[]>>,
  compute: (round: Readonly<Record<Name, number>>) => number,
): readonly number[] {
  // As in interleave.
  const names = Object.keys(measured) as Name[];
  const count = Math.min(...names.map((name) => measured[name].length));
  return Array.from({ length: count }, (_, round) => {
    // As in interleave; every name has a measurement of every round.
    const values = Object.fromEntries(names.map((name) => [name, measured[name][round]])) as Record<Name, number>;
    return compute(values);
  });
}
