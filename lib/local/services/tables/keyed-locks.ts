/** Runs work on the same key one after the other, and on different keys at the same time. */
export interface KeyedLocks {
  /** Holds all the keys while the work runs. Several are taken in order, so that no two holders wait for each other. */
  run<Result>(keys: readonly string[], work: () => Promise<Result>): Promise<Result>;
}

/** @param waitersMax how many may wait for one key; `onFull` makes the error that the next one gets */
export function createKeyedLocks(waitersMax: number, onFull: () => Error): KeyedLocks {
  const queues = new Map<string, (() => void)[]>();

  function acquire(key: string): Promise<void> | null {
    const waiting = queues.get(key);
    if (waiting === undefined) {
      queues.set(key, []);
      return null;
    }
    if (waiting.length >= waitersMax) throw onFull();
    return new Promise((resolve) => waiting.push(resolve));
  }

  function release(key: string): void {
    const next = queues.get(key)?.shift();
    if (next === undefined) queues.delete(key);
    else next();
  }

  return {
    async run(keys, work) {
      const held: string[] = [];
      try {
        for (const key of [...new Set(keys)].toSorted()) {
          const turn = acquire(key);
          if (turn !== null) await turn;
          held.push(key);
        }
        return await work();
      } finally {
        for (const key of held) release(key);
      }
    },
  };
}
