import type { ChildDriver } from "./child-driver.ts";
import type { Acknowledgement } from "./pages/page-strategy.ts";
import type { Cursor } from "./run.ts";

/** What is still to be asked for: the children, of one kind, of some things of a resource. */
export interface Ask {
  readonly parent: string;
  readonly child: string;
  readonly parentIds: readonly string[];
  /** Of a list that was begun: the page to go on with. It belongs to exactly these parents. */
  readonly cursor: Cursor | null;
}

/** A page is saved, and the children of what changed on it are not all fetched yet. */
export interface Cascade<Next> {
  readonly kind: "cascade";
  readonly due: readonly Ask[];
  /** What tells the partner that the page is kept: when its children are. */
  readonly acknowledge: Acknowledgement | null;
  /** Where the run goes on after. */
  readonly next: Next;
}

/** A thing whose state was written. */
export interface Changed {
  readonly externalId: string;
  readonly deleted: boolean;
}

interface Tree {
  readonly resources: Readonly<Record<string, { readonly children?: readonly ChildDriver[] }>>;
}

/**
 * What changed things ask for. Of a deleted one only what a single fetch can find gone with it: its other children are
 * left to their resource's own pass, as one parent's list says nothing of things that may have moved to another.
 */
export function asksFor(driver: Tree, parent: string, changed: readonly Changed[]): readonly Ask[] {
  return (driver.resources[parent]?.children ?? []).flatMap(({ resource, ask }) => {
    const whose = ask.kind === "one" ? changed : changed.filter(({ deleted }) => !deleted);
    const parentIds = [...new Set(whose.map(({ externalId }) => externalId))];
    return parentIds.length === 0 ? [] : [{ parent, child: resource, parentIds, cursor: null }];
  });
}

export function childOf(driver: Tree, { parent, child }: Ask): ChildDriver | null {
  return driver.resources[parent]?.children?.find(({ resource }) => resource === child) ?? null;
}

/** One ask a call: as many parents as the partner takes at once. A list that was begun stays as it is. */
export function callsFor(driver: Tree, due: readonly Ask[]): readonly Ask[] {
  return due.flatMap((ask) => {
    const how = childOf(driver, ask)?.ask;
    return ask.cursor === null ? cut(ask, how?.kind === "batch" ? how.idsMax : 1) : [ask];
  });
}

/** Two halves of an ask that was refused as a whole; null when it is about one parent. */
export function halves(ask: Ask): readonly Ask[] | null {
  const { length } = ask.parentIds;
  return length < 2 ? null : cut({ ...ask, cursor: null }, Math.ceil(length / 2));
}

function cut(ask: Ask, size: number): readonly Ask[] {
  return Array.from({ length: Math.ceil(ask.parentIds.length / size) }, (_, index) => ({
    ...ask,
    parentIds: ask.parentIds.slice(index * size, (index + 1) * size),
  }));
}

/** Asks that are alike as one, in the order of the first of them: what a checkpoint keeps is short. */
export function joined(asks: readonly Ask[]): readonly Ask[] {
  const byKey = new Map<string, Ask>();
  for (const ask of asks) {
    const key = JSON.stringify([ask.parent, ask.child, ask.cursor === null ? null : ask.parentIds]);
    const former = byKey.get(key);
    const parentIds = [...new Set([...(former?.parentIds ?? []), ...ask.parentIds])];
    byKey.set(key, { ...ask, parentIds });
  }
  return [...byKey.values()];
}

/** How the children of one kind stand, over a whole run. */
export interface ChildProgress {
  /** Parents whose children are still to be fetched. */
  readonly due: number;
  /** Parents whose children were fetched or parked. */
  readonly parents: number;
  readonly fetched: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly deleted: number;
  readonly parked: number;
}

export const noChildProgress: ChildProgress = {
  due: 0,
  parents: 0,
  fetched: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  stale: 0,
  deleted: 0,
  parked: 0,
};

type Children = Readonly<Record<string, ChildProgress>>;

/** With what is due as a checkpoint has it: one entry a resource, so never more than the driver has. */
export function withDue(children: Children | undefined, due: readonly Ask[]): Children {
  const counts = new Map<string, number>();
  for (const { child, parentIds } of due) counts.set(child, (counts.get(child) ?? 0) + parentIds.length);
  const names = new Set([...Object.keys(children ?? {}), ...counts.keys()]);
  return Object.fromEntries(
    [...names].map((name) => [name, { ...(children?.[name] ?? noChildProgress), due: counts.get(name) ?? 0 }]),
  );
}
