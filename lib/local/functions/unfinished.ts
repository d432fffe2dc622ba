import type { Clock } from "../clock.ts";

/** Counts pieces of work under way, so that one can wait until there are none. */
export interface Unfinished {
  during<Result>(work: () => Promise<Result>): Promise<Result>;
  count(): number;
  /** How many began since the start. */
  begun(): number;
  /** Resolves when nothing is under way, or after `waitMsMax`; says which. */
  none(waitMsMax: number): Promise<boolean>;
}

export function createUnfinished(clock: Clock): Unfinished {
  let underWay = 0;
  let begun = 0;
  const onNone = new Set<() => void>();
  return {
    async during(work) {
      underWay += 1;
      begun += 1;
      try {
        return await work();
      } finally {
        underWay -= 1;
        if (underWay === 0) for (const notify of onNone) notify();
      }
    },
    count: () => underWay,
    begun: () => begun,
    none(waitMsMax) {
      if (underWay === 0 || waitMsMax <= 0) return Promise.resolve(underWay === 0);
      return new Promise((resolve) => {
        const settle = (none: boolean): void => {
          cancel();
          onNone.delete(notify);
          resolve(none);
        };
        const notify = (): void => settle(true);
        const cancel = clock.after(waitMsMax, () => settle(false));
        onNone.add(notify);
      });
    },
  };
}
