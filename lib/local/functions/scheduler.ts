import { randomUUID } from "node:crypto";
import type { Clock } from "../clock.ts";
import type { LocalLog } from "../log.ts";
import type { ScheduleModel } from "../types.ts";
import type { DueFiring, ScheduleBook } from "./schedule-book.ts";
import type { ScheduleTargets } from "./schedule-target.ts";
import { createUnfinished } from "./unfinished.ts";

/** Fires schedules at their times, at least once, across restarts. */
export interface Scheduler {
  start(): void;
  /** Fires at once, whatever the time and whether enabled or not; resolves after the target's first try. */
  fireNow(name: string): Promise<void>;
  /** Firings whose targets have not finished. */
  unfinished(): number;
  /** Reads the schedules anew. */
  refresh(): void;
  /** Fires nothing more. What waits for a retry is kept for the next start. */
  stop(): void;
}

export interface SchedulerOptions {
  readonly list: () => readonly ScheduleModel[];
  readonly book: ScheduleBook;
  readonly targets: ScheduleTargets;
  readonly clock: Clock;
  readonly onLog: LocalLog;
}

/** @throws {Error} on start, naming the schedule whose expression cannot be read */
export function createScheduler({ list, book, targets, clock, onLog }: SchedulerOptions): Scheduler {
  const work = createUnfinished(clock);
  let cancelTimer: () => void = () => undefined;
  let running = false;

  function arm(): void {
    cancelTimer();
    const nextMs = book.nextMs();
    if (running && nextMs !== null) cancelTimer = clock.after(nextMs - clock.nowMs(), tick);
  }

  function tick(): void {
    for (const due of book.takeDue(clock.nowMs())) void deliver(due);
    arm();
  }

  /** Resolves after the first try. */
  function deliver(due: DueFiring): Promise<void> {
    const source = `schedule ${due.model.name}`;
    return new Promise((attempted) => {
      const delivery = work.during(async () => {
        const outcome = await targets.deliver(due.model, due.firing, attempted);
        if (outcome === "done") book.finish(due);
      });
      delivery
        .catch((error: unknown) => {
          book.finish(due);
          onLog({ level: "warn", source, text: `firing failed: ${String(error)}` });
        })
        .finally(attempted);
    });
  }

  function refresh(): void {
    book.refresh(list(), clock.nowMs());
    arm();
  }

  return {
    start() {
      running = true;
      refresh();
      for (const due of book.begun()) void deliver(due);
    },
    async fireNow(name) {
      const model = book.find(name);
      if (model === null)
        throw new Error(`The stack has no schedule ${name}; it has ${book.names().join(", ") || "none"}.`);
      const due = { model, firing: { executionId: randomUUID(), scheduledMs: clock.nowMs() } };
      book.begin(due);
      await deliver(due);
    },
    unfinished: () => work.count(),
    refresh,
    stop() {
      running = false;
      cancelTimer();
    },
  };
}
