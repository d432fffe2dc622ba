import * as z from "zod";
import type { MappingControl, MappingModel } from "../../types.ts";
import type { DocumentStore } from "../state/document-store.ts";

/** What the Lambda API may change of a mapping; it outlives a restart, until a template says otherwise. */
export const mappingChange = z.object({
  enabled: z.boolean().optional(),
  batchSize: z.int().min(1).max(10_000).optional(),
  batchingWindowSeconds: z.int().min(0).max(300).optional(),
  maximumConcurrency: z.int().min(2).max(1_000).nullable().optional(),
});
export type MappingChange = z.infer<typeof mappingChange>;

const stored = z.object({
  /** The template's mapping the changes were made to. */
  basis: z.string(),
  changes: mappingChange,
  changedAtMs: z.number(),
});

export interface MutableMappingControl extends MappingControl {
  change(id: string, changes: MappingChange, nowMs: number): void;
  changedAtMs(id: string): number | null;
}

/**
 * Mappings as the templates have them, with the changes made by the API on top. A template whose mapping has changed wins over
 * earlier changes, as a deployment does.
 */
export function openMappingControl(documents: DocumentStore, mappings: readonly MappingModel[]): MutableMappingControl {
  const listeners = new Set<(id: string) => void>();
  const ofTemplate = new Map(mappings.map((mapping) => [mapping.id, mapping]));

  function changesOf(mapping: MappingModel): z.infer<typeof stored> | null {
    const document = documents.get("mapping", mapping.id);
    if (document === undefined) return null;
    const kept = stored.parse(document);
    return kept.basis === JSON.stringify(mapping) ? kept : null;
  }

  function current(mapping: MappingModel): MappingModel {
    const changes = changesOf(mapping)?.changes ?? {};
    const defined = Object.entries(changes).filter(([, value]) => value !== undefined);
    return { ...mapping, ...Object.fromEntries(defined) };
  }

  return {
    list: () => [...ofTemplate.values()].map(current),
    get(id) {
      const mapping = ofTemplate.get(id);
      return mapping === undefined ? null : current(mapping);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    change(id, changes, nowMs) {
      const mapping = ofTemplate.get(id);
      if (mapping === undefined) throw new Error(`There is no event source mapping ${id}.`);
      const merged = { ...changesOf(mapping)?.changes, ...changes };
      documents.put("mapping", id, { basis: JSON.stringify(mapping), changes: merged, changedAtMs: nowMs });
      for (const listener of listeners) listener(id);
    },
    changedAtMs(id) {
      const mapping = ofTemplate.get(id);
      return mapping === undefined ? null : (changesOf(mapping)?.changedAtMs ?? null);
    },
  };
}
