import { expect, onTestFinished, test } from "vitest";
import { openScheduleBook } from "../../../lib/local/functions/schedule-book.ts";
import { openScheduleStates, type Firing } from "../../../lib/local/functions/schedule-state.ts";
import { createScheduler, type Scheduler } from "../../../lib/local/functions/scheduler.ts";
import type { ScheduleModel } from "../../../lib/local/types.ts";
import { scheduleWith } from "../support/models.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { createTestClock, type TestClock } from "../support/test-clock.ts";

interface Bench {
  readonly scheduler: Scheduler;
  readonly clock: TestClock;
  /** Name and scheduled time of each firing, minutes after the start. */
  readonly fired: [string, number][];
  readonly firings: Firing[];
  readonly log: string[];
}

const startMs = Date.parse("2026-11-20T08:00:30Z");

function startBench(
  schedules: () => readonly ScheduleModel[],
  setup: { dataDir?: string; nowMs?: number; deliver?: () => Promise<"done" | "interrupted"> } = {},
): Bench {
  const clock = createTestClock(setup.nowMs ?? startMs);
  const [fired, firings, log]: [[string, number][], Firing[], string[]] = [[], [], []];
  const scheduler = createScheduler({
    list: schedules,
    book: openScheduleBook(openScheduleStates(setup.dataDir ?? temporaryFolder())),
    clock,
    onLog: (line) => log.push(line.text),
    targets: {
      deliver(model, firing, attempted) {
        fired.push([model.name, (firing.scheduledMs - startMs) / 60_000]);
        firings.push(firing);
        attempted();
        return setup.deliver?.() ?? Promise.resolve("done");
      },
    },
  });
  onTestFinished(() => scheduler.stop());
  return { scheduler, clock, fired, firings, log };
}

const every = (expression: string, overrides: Partial<ScheduleModel> = {}): ScheduleModel =>
  scheduleWith(expression, expression, "", overrides);

test("schedules fire at their times, each at its own pace", async () => {
  const { scheduler, clock, fired } = startBench(() => [every("rate(1 minute)"), every("rate(2 minutes)")]);

  scheduler.start();
  await clock.advance(59_999);
  expect(fired).toEqual([]);
  await clock.advance(1 + 3 * 60_000);

  expect(fired).toEqual([
    ["rate(1 minute)", 1],
    ["rate(1 minute)", 2],
    ["rate(2 minutes)", 2],
    ["rate(1 minute)", 3],
    ["rate(1 minute)", 4],
    ["rate(2 minutes)", 4],
  ]);
});

test("the next firing survives a restart, and one firing makes up for all that were missed", async () => {
  const dataDir = temporaryFolder();
  const schedules = (): readonly ScheduleModel[] => [every("rate(10 minutes)")];
  const first = startBench(schedules, { dataDir });
  first.scheduler.start();
  await first.clock.advance(9 * 60_000);
  first.scheduler.stop();

  const soon = startBench(schedules, { dataDir, nowMs: startMs + 9.5 * 60_000 });
  soon.scheduler.start();
  await soon.clock.advance(30_000);
  expect(soon.fired).toEqual([["rate(10 minutes)", 10]]);
  soon.scheduler.stop();

  const late = startBench(schedules, { dataDir, nowMs: startMs + 65 * 60_000 });
  late.scheduler.start();
  await late.clock.advance(5 * 60_000);
  expect(late.fired).toEqual([
    ["rate(10 minutes)", 20],
    ["rate(10 minutes)", 70],
  ]);
});

test("a firing that was not finished when the stack was killed is fired again, as the same one", async () => {
  const dataDir = temporaryFolder();
  const schedules = (): readonly ScheduleModel[] => [every("rate(1 minute)")];
  const killed = startBench(schedules, { dataDir, deliver: () => new Promise(() => undefined) });
  killed.scheduler.start();
  await killed.clock.advance(60_000);
  expect(killed.fired).toHaveLength(1);

  const again = startBench(schedules, { dataDir, nowMs: startMs + 70_000 });
  again.scheduler.start();
  await again.clock.advance(0);
  expect(again.firings).toEqual(killed.firings);
  again.scheduler.stop();

  const third = startBench(schedules, { dataDir, nowMs: startMs + 80_000 });
  third.scheduler.start();
  await third.clock.advance(0);
  expect(third.fired).toEqual([]);
});

test("what waits for a retry when the stack stops is fired again", async () => {
  const dataDir = temporaryFolder();
  const schedules = (): readonly ScheduleModel[] => [every("rate(1 minute)")];
  const stopped = startBench(schedules, { dataDir, deliver: () => Promise.resolve("interrupted") });
  stopped.scheduler.start();
  await stopped.clock.advance(60_000);
  stopped.scheduler.stop();

  const again = startBench(schedules, { dataDir, nowMs: startMs + 70_000 });
  again.scheduler.start();
  await again.clock.advance(0);

  expect(again.fired).toEqual([["rate(1 minute)", 1]]);
});

test("a disabled schedule does not fire until it is enabled, except by hand", async () => {
  let enabled = false;
  const { scheduler, clock, fired } = startBench(() => [every("rate(1 minute)", { enabled })]);
  scheduler.start();
  await clock.advance(5 * 60_000);
  expect(fired).toEqual([]);

  await scheduler.fireNow("rate(1 minute)");
  expect(fired).toEqual([["rate(1 minute)", 5]]);
  enabled = true;
  scheduler.refresh();
  await clock.advance(60_000);

  expect(fired.length).toBeGreaterThanOrEqual(2);
});

test("a changed expression counts from the change", async () => {
  let expression = "rate(1 hour)";
  const { scheduler, clock, fired } = startBench(() => [scheduleWith("s", expression, "")]);
  scheduler.start();
  await clock.advance(30 * 60_000);
  expression = "rate(1 minute)";
  scheduler.refresh();
  await clock.advance(60_000);

  expect(fired).toEqual([["s", 31]]);
});

test("a firing by hand is one more and moves no other", async () => {
  const { scheduler, clock, fired } = startBench(() => [every("rate(1 minute)")]);
  scheduler.start();
  await clock.advance(30_000);

  await scheduler.fireNow("rate(1 minute)");
  await clock.advance(30_000);

  expect(fired).toEqual([
    ["rate(1 minute)", 0.5],
    ["rate(1 minute)", 1],
  ]);
});

test("a firing that fails is logged and is over", async () => {
  const { scheduler, clock, log } = startBench(() => [every("rate(1 minute)")], {
    deliver: () => Promise.reject(new Error("no such queue")),
  });
  scheduler.start();
  await clock.advance(60_000);

  expect(log).toHaveLength(1);
  expect(log[0]).toContain("no such queue");
  expect(scheduler.unfinished()).toBe(0);
});

test("an unknown schedule and an unreadable expression are refused by name", async () => {
  const { scheduler } = startBench(() => [every("rate(1 minute)")]);
  scheduler.start();
  await expect(scheduler.fireNow("other")).rejects.toThrow(/other.*rate\(1 minute\)/);

  const broken = startBench(() => [scheduleWith("odd", "rate(1 fortnight)", "")]);
  expect(() => broken.scheduler.start()).toThrow(/odd.*rate\(1 fortnight\)/);
});
