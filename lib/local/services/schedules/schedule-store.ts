import * as z from "zod";
import type { ScheduleControl, ScheduleModel } from "../../types.ts";
import type { DocumentStore } from "../state/document-store.ts";

const retry = z.object({ maximumRetryAttempts: z.number(), maximumEventAgeSeconds: z.number() });
const schedule = z.object({
  name: z.string(),
  expression: z.string(),
  targetArn: z.string(),
  roleArn: z.string(),
  input: z.string().nullable(),
  enabled: z.boolean(),
  groupName: z.string().exactOptional(),
  timezone: z.string().exactOptional(),
  retry: retry.exactOptional(),
  deadLetterQueueArn: z.string().exactOptional(),
});
const stored = z.object({
  schedule: schedule.nullable(),
  /** The template's schedule the change was made to; null for one the API created. */
  basis: z.string().nullable(),
  changedAtMs: z.number(),
});

export interface MutableScheduleControl extends ScheduleControl {
  get(groupName: string, name: string): { readonly schedule: ScheduleModel; readonly changedAtMs: number } | null;
  put(schedule: ScheduleModel, nowMs: number): void;
  remove(groupName: string, name: string, nowMs: number): void;
}

const schedulesMax = 10_000;

/**
 * Schedules as the templates have them, with those that the API created, changed or deleted. A template whose schedule has
 * changed wins over earlier changes, as a deployment does.
 */
export function openScheduleControl(
  documents: DocumentStore,
  templates: readonly ScheduleModel[],
): MutableScheduleControl {
  const listeners = new Set<(name: string) => void>();
  const ofTemplate = new Map(templates.map((item) => [idOf(groupOf(item), item.name), item]));

  /** Undefined: nothing was ever changed. */
  function changeOf(id: string): z.infer<typeof stored> | undefined {
    const document = documents.get("schedule", id);
    if (document === undefined) return undefined;
    const kept = stored.parse(document);
    return kept.basis === basisOf(id) ? kept : undefined;
  }

  function basisOf(id: string): string | null {
    const item = ofTemplate.get(id);
    return item === undefined ? null : JSON.stringify(item);
  }

  function current(id: string): { schedule: ScheduleModel; changedAtMs: number } | null {
    const change = changeOf(id);
    const item = change === undefined ? (ofTemplate.get(id) ?? null) : change.schedule;
    return item === null ? null : { schedule: item, changedAtMs: change?.changedAtMs ?? 0 };
  }

  function write(id: string, name: string, changed: ScheduleModel | null, nowMs: number): void {
    documents.put("schedule", id, { schedule: changed, basis: basisOf(id), changedAtMs: nowMs });
    for (const listener of listeners) listener(name);
  }

  return {
    list() {
      const changed = documents.list("schedule", schedulesMax).map(({ id }) => id);
      const ids = new Set([...ofTemplate.keys(), ...changed]);
      return [...ids].toSorted().flatMap((id) => current(id)?.schedule ?? []);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    get: (groupName, name) => current(idOf(groupName, name)),
    put: (item, nowMs) => write(idOf(groupOf(item), item.name), item.name, item, nowMs),
    remove: (groupName, name, nowMs) => write(idOf(groupName, name), name, null, nowMs),
  };
}

export function groupOf(item: ScheduleModel): string {
  return item.groupName ?? "default";
}

function idOf(groupName: string, name: string): string {
  return `${groupName}/${name}`;
}
