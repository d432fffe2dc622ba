import { packGateItem } from "./gate-item-text.ts";
import type { Bucket, GateItem, LogEntry } from "./gate-item.ts";
import { joined } from "./slot-log.ts";

/** With its key, its revision and their names an item stays under 1 KB, one write unit. */
export const itemTextMax = 860;
/** What joining two entries saves, in characters, at the least. */
const savedMin = 2;

/** The item, made short enough by joining entries: more is counted, never less. null when there are too many buckets for that. */
export function fitItem(item: GateItem): GateItem | null {
  let fitting = item;
  for (;;) {
    const excess = packGateItem(fitting).length - itemTextMax;
    if (excess <= 0) return fitting;
    const shorter = joinSome(fitting, Math.ceil(excess / (2 * savedMin)));
    if (shorter === null) return null;
    fitting = shorter;
  }
}

interface Joint {
  readonly key: string;
  readonly index: number;
  /** How long the joined entry would be, measured by what its log can tell apart. */
  readonly units: number;
}

function joinSome(item: GateItem, count: number): GateItem | null {
  const joints = Object.entries(item.buckets)
    .flatMap(([key, bucket]) => jointsOf(key, bucket))
    .toSorted((a, b) => a.units - b.units)
    .slice(0, count);
  if (joints.length === 0) return null;
  const buckets = { ...item.buckets };
  for (const key of new Set(joints.map((joint) => joint.key))) {
    const bucket = buckets[key];
    const chosen = new Set(joints.filter((joint) => joint.key === key).map((joint) => joint.index));
    if (bucket !== undefined) buckets[key] = withJoined(bucket, chosen);
  }
  return { ...item, buckets };
}

function jointsOf(key: string, { use }: Bucket): Joint[] {
  if (use.kind !== "log") return [];
  return use.entries.slice(1).map((entry, index) => {
    const before = use.entries[index] ?? entry;
    return { key, index: index + 1, units: (entry.lastMs - before.firstMs) / use.unitMs };
  });
}

/** `chosen` are entries that are joined to the one before. */
function withJoined(bucket: Bucket, chosen: ReadonlySet<number>): Bucket {
  if (bucket.use.kind !== "log") return bucket;
  const entries: LogEntry[] = [];
  for (const [index, entry] of bucket.use.entries.entries()) {
    const before = entries.at(-1);
    if (before !== undefined && chosen.has(index)) entries[entries.length - 1] = joined(before, entry);
    else entries.push(entry);
  }
  return { ...bucket, use: { ...bucket.use, entries } };
}
