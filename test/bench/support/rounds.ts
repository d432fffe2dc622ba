/** One thing to measure: answers with its measurement of one round. */
export type Contestant<Measurement> = () => Promise<Measurement> | Measurement;

export interface RoundOptions {
  readonly rounds: number;
  /** Run before and not counted. */
  readonly warmUps: number;
  /** No round is begun after this, once `roundsMin` are done: a slow machine gets fewer rounds, not a longer wait. */
  readonly timeMsMax: number;
  readonly roundsMin: number;
}

/** The measurements of each contestant; those of one round stand at the same index. */
export type Measured<Name extends string, Measurement> = Readonly<Record<Name, readonly Measurement[]>>;

/**
 * Measures all contestants in turn, round by round (ABC, BCA, CAB…), so that whatever else the machine does falls on all
 * of them alike.
 */
export async function interleave<const Name extends string, Measurement>(
  contestants: Readonly<Record<Name, Contestant<Measurement>>>,
  options: RoundOptions,
): Promise<Measured<Name, Measurement>> {
  // Object.keys forgets that these are the names the object was made with.
  const names = Object.keys(contestants) as Name[];
  // As above, for a record built from its entries.
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Measurement[]>;
  const startedMs = performance.now();
  for (let round = -options.warmUps; round < options.rounds; round++) {
    if (round >= options.roundsMin && performance.now() - startedMs > options.timeMsMax) break;
    for (const name of turned(names, round + options.warmUps)) {
      const measurement = await contestants[name]();
      if (round >= 0) measured[name].push(measurement);
    }
  }
  return measured;
}

function turned<T>(items: readonly T[], by: number): readonly T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}

/** One value a round, from the measurements of that round: what disturbed one contestant disturbed the others too. */
export function byRound<Name extends string, Measurement>(
  measured: Measured<Name, Measurement>,
  compute: (round: Readonly<Record<Name, Measurement>>) => number,
): readonly number[] {
  // As in interleave.
  const names = Object.keys(measured) as Name[];
  const rounds = names[0] === undefined ? [] : [...measured[names[0]].keys()];
  return rounds.map((round) => {
    // As in interleave; every name has a measurement of every round.
    const values = Object.fromEntries(names.map((name) => [name, measured[name][round]])) as Record<Name, Measurement>;
    return compute(values);
  });
}
