import { randomUUID } from "node:crypto";
import type { DurableJson } from "../durable-json.ts";
import type { ScheduleModel } from "../types.ts";
import { parseScheduleExpression, type Timetable } from "./schedule-expression.ts";
import type { Firing, ScheduleState, ScheduleStates } from "./schedule-state.ts";

export interface DueFiring {
  readonly model: ScheduleModel;
  readonly firing: Firing;
}

/** What is to fire and when, kept on disk at every change. */
export interface ScheduleBook {
  /** Takes over the schedules; those that it knew go on where they were. */
  refresh(models: readonly ScheduleModel[], nowMs: number): void;
  find(name: string): ScheduleModel | null;
  names(): readonly string[];
  /** The earliest firing of an enabled schedule. */
  nextMs(): number | null;
  /** When each schedule fires next; null for never. */
  timetable(): Readonly<Record<string, number | null>>;
  /**
   * Moves every schedule that is due to its next time. However many firings were missed while the machine slept, one
   * makes up for them.
   */
  takeDue(nowMs: number): readonly DueFiring[];
  /** Firings that were begun and not finished. */
  begun(): readonly DueFiring[];
  begin(due: DueFiring): void;
  finish(due: DueFiring): void;
}

interface Entry {
  readonly model: ScheduleModel;
  readonly timetable: Timetable;
}

/** @throws {Error} on refresh, naming the schedule whose expression cannot be read */
export function openScheduleBook(file: DurableJson<ScheduleStates>): ScheduleBook {
  let states = file.read();
  let entries = new Map<string, Entry>();

  function write(changed: ScheduleStates): void {
    states = changed;
    file.write(states);
  }

  function change(name: string, part: Partial<ScheduleState>): void {
    const before = states[name];
    if (before !== undefined) write({ ...states, [name]: { ...before, ...part } });
  }

  const firingsOf = (name: string): readonly Firing[] => states[name]?.firings ?? [];

  return {
    refresh(models, nowMs) {
      entries = new Map(models.map((model) => [model.name, { model, timetable: timetableOf(model) }]));
      write(Object.fromEntries([...entries].map(([name, entry]) => [name, continued(states[name], entry, nowMs)])));
    },
    find: (name) => entries.get(name)?.model ?? null,
    names: () => [...entries.keys()],
    nextMs() {
      const enabled = [...entries.values()].filter(({ model }) => model.enabled);
      const times = enabled.flatMap(({ model }) => states[model.name]?.nextMs ?? []);
      return times.length === 0 ? null : Math.min(...times);
    },
    timetable: () => Object.fromEntries(Object.entries(states).map(([name, state]) => [name, state.nextMs])),
    takeDue(nowMs) {
      const due: DueFiring[] = [];
      for (const [name, { model, timetable }] of entries) {
        const state = states[name];
        if (!model.enabled || state === undefined || state.nextMs === null || state.nextMs > nowMs) continue;
        due.push({ model, firing: { executionId: randomUUID(), scheduledMs: state.nextMs } });
        // In one write with the firing itself, so that a kill in between loses neither.
        const firings = [...state.firings, ...due.slice(-1).map(({ firing }) => firing)];
        change(name, { nextMs: timetable.next(nowMs, state.anchorMs), firings });
      }
      return due;
    },
    begun: () =>
      [...entries.values()].flatMap(({ model }) => firingsOf(model.name).map((firing) => ({ model, firing }))),
    begin: ({ model, firing }) => change(model.name, { firings: [...firingsOf(model.name), firing] }),
    finish({ model, firing }) {
      change(model.name, {
        firings: firingsOf(model.name).filter((other) => other.executionId !== firing.executionId),
      });
    },
  };
}

function timetableOf(model: ScheduleModel): Timetable {
  try {
    return parseScheduleExpression(model.expression, model.timezone);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`The schedule ${model.name} cannot fire: ${why}`, { cause: error });
  }
}

/** A schedule's state after a restart: where it was, or from now on when it is new or changed. */
function continued(before: ScheduleState | undefined, { model, timetable }: Entry, nowMs: number): ScheduleState {
  const { expression } = model;
  if (before?.expression === expression) return before;
  return { expression, anchorMs: nowMs, nextMs: timetable.next(nowMs, nowMs), firings: before?.firings ?? [] };
}
