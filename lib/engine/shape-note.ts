import * as z from "zod";
import type { Drift } from "./drift.ts";
import { jsonTypes, noShape } from "./shape.ts";
import type { JsonType, PathShape, Shape } from "./shape.ts";

/** What is remembered of a resource's shape, for all connections of the partner, and how it changed. */
export interface ShapeNote {
  readonly sinceMs: number;
  readonly shape: Shape;
  /** The newest first. */
  readonly changes: readonly NotedDrift[];
}

export interface NotedDrift extends Drift {
  readonly atMs: number;
}

export const shapesOwner = "shapes";
const changesMax = 50;
/** What a schema refuses is refused again with every page: it is noted anew after this. */
const refusedAgainMs = 86_400_000;

const Types = z.array(z.enum(jsonTypes));
const Body = z.object({
  sinceMs: z.number(),
  items: z.int(),
  /** A letter a type, `!` where it is always there: `sn!`. */
  paths: z.record(z.string(), z.string()),
  changes: z.array(
    z.object({
      kind: z.enum(["added", "missing", "retyped", "refused"]),
      severity: z.enum(["harmless", "notable", "breaking"]),
      path: z.string(),
      before: Types,
      after: Types,
      atMs: z.number(),
    }),
  ),
});

export function emptyShapeNote(nowMs: number): ShapeNote {
  return { sinceMs: nowMs, shape: noShape, changes: [] };
}

/** null for what this version did not write: it is learnt anew. */
export function readShapeNote(body: unknown): ShapeNote | null {
  const parsed = Body.safeParse(body);
  if (!parsed.success) return null;
  const { sinceMs, items, paths, changes } = parsed.data;
  const decoded = Object.entries(paths).map(([path, code]) => [path, decode(code)] as const);
  return { sinceMs, shape: { items, paths: new Map(decoded) }, changes };
}

export function bodyOfShapeNote({ sinceMs, shape, changes }: ShapeNote): z.infer<typeof Body> {
  const paths = Object.fromEntries([...shape.paths].map(([path, each]) => [path, encode(each)]));
  return {
    sinceMs,
    items: shape.items,
    paths,
    changes: changes.map((change) => ({ ...change, before: [...change.before], after: [...change.after] })),
  };
}

/** Which of the drifts are news to the note. */
export function newsIn(note: ShapeNote, drifts: readonly Drift[], nowMs: number): readonly Drift[] {
  return drifts.filter(({ kind, path }) => {
    if (kind !== "refused") return true;
    const last = note.changes.find((change) => change.kind === kind && change.path === path);
    return last === undefined || nowMs - last.atMs >= refusedAgainMs;
  });
}

export function withNews(note: ShapeNote, shape: Shape, news: readonly Drift[], nowMs: number): ShapeNote {
  const noted = news.map((each) => ({ ...each, atMs: nowMs }));
  return { ...note, shape, changes: [...noted, ...note.changes].slice(0, changesMax) };
}

function encode({ types, always }: PathShape): string {
  return types.map((type) => letters[type]).join("") + (always ? "!" : "");
}

function decode(code: string): PathShape {
  return { types: jsonTypes.filter((type) => code.includes(letters[type])), always: code.endsWith("!") };
}

const letters: Readonly<Record<JsonType, string>> = {
  array: "a",
  boolean: "b",
  null: "0",
  number: "n",
  object: "o",
  string: "s",
};
