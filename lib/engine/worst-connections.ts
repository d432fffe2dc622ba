/** One connection's part of a partner's calls; the tag is the end of its id, which is all chance. */
export interface ConnectionTally {
  readonly tag: string;
  readonly calls: number;
  readonly failures: number;
}

export interface SharedTally {
  readonly calls: number;
  readonly failures: number;
  /** The connections that failed most, then those that called most: what went well is somebody's too. */
  readonly worst?: readonly ConnectionTally[];
}

/** Bounds what a window stores. One that falls out counts among the others. */
const worstMax = 3;
/** Fewer calls of others than this are chance, as long as not everybody can have told. */
const otherCallsMin = 5;
/** Who is asked to tell of successes learns it when the control that it has cached is old, and tells with its next call. */
const windowsToTell = 2;

export function tagOf(connectionId: string): string {
  return connectionId.slice(-6);
}

/** Adds up by connection and keeps as many: those that failed most, and of the others those that called most. */
export function worstOf(tallies: readonly ConnectionTally[], max = worstMax): readonly ConnectionTally[] {
  const sums = new Map<string, ConnectionTally>();
  for (const { tag, calls, failures } of tallies) {
    const former = sums.get(tag) ?? { tag, calls: 0, failures: 0 };
    sums.set(tag, { tag, calls: former.calls + calls, failures: former.failures + failures });
  }
  return [...sums.values()].toSorted((a, b) => b.failures - a.failures || b.calls - a.calls).slice(0, max);
}

/**
 * Whether the calls fail because of one connection: without it most went well. Until the others can have told how they
 * fare it is taken to be alone, as its own breaker holds it; where nobody else calls, nothing says that it is one alone.
 */
export function failsAlone(
  windows: readonly (SharedTally & { readonly fromMs: number })[],
  { failureRatio, windowMs }: { readonly failureRatio: number; readonly windowMs: number },
  nowMs: number,
): boolean {
  const [first] = worstOf(windows.flatMap(({ worst = [] }) => worst));
  if (first === undefined) return false;
  const calls = windows.reduce((sum, window) => sum + window.calls, 0) - first.calls;
  const failures = windows.reduce((sum, window) => sum + window.failures, 0) - first.failures;
  const isBad = (one: ConnectionTally): boolean => one.tag === first.tag && one.failures >= one.calls * failureRatio;
  const sinceMs = windows.find(({ worst = [] }) => worst.some(isBad))?.fromMs ?? nowMs;
  if (calls < otherCallsMin && nowMs - sinceMs < windowsToTell * windowMs) return true;
  return calls > 0 && failures < calls * failureRatio;
}
