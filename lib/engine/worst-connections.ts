/** One connection's part of a partner's calls; the tag is the end of its id, which is all chance. */
export interface ConnectionTally {
  readonly tag: string;
  readonly calls: number;
  readonly failures: number;
}

export interface SharedTally {
  readonly calls: number;
  readonly failures: number;
  /** Of the connections that failed, those that failed most. */
  readonly worst?: readonly ConnectionTally[];
}

/** Bounds what a window stores. One that falls out counts among the others. */
const worstMax = 3;

export function tagOf(connectionId: string): string {
  return connectionId.slice(-6);
}

/** Adds up by connection and keeps those that failed most. */
export function worstOf(tallies: readonly ConnectionTally[]): readonly ConnectionTally[] {
  const sums = new Map<string, ConnectionTally>();
  for (const { tag, calls, failures } of tallies) {
    const former = sums.get(tag) ?? { tag, calls: 0, failures: 0 };
    sums.set(tag, { tag, calls: former.calls + calls, failures: former.failures + failures });
  }
  return [...sums.values()]
    .filter(({ failures }) => failures > 0)
    .toSorted((a, b) => b.failures - a.failures)
    .slice(0, worstMax);
}

/**
 * Whether the calls fail because of one connection: others called too, and without it most went well. Where nobody else
 * called, or nobody told of it, nothing says that it is one connection alone.
 */
export function failsAlone({ calls, failures, worst = [] }: SharedTally, failureRatio: number): boolean {
  const [first] = worst;
  if (first === undefined) return false;
  const otherCalls = calls - first.calls;
  return otherCalls > 0 && failures - first.failures < otherCalls * failureRatio;
}
