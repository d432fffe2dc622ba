import type { Bucket, BucketUse, GateItem, LogEntry } from "./gate-item.ts";
import { packNumber, PackedReader } from "./packed-numbers.ts";
import type { RecentUser } from "./recent-users.ts";

const version = "1";
const keyLength = 6;
const userIdLength = 2;
/** Of a unit; what was used is rounded up. */
const userPrecision = 4;
/** Of a millisecond. */
const levelPrecision = 1_000;
const ratePrecision = 1_000;

const kinds = { log: "l", level: "b", windows: "w", learnt: "r" } as const;

/** An item as short text of letters and digits. What rounding loses, it loses on the side of using less. */
export function packGateItem(item: GateItem): string {
  const baseMs = Math.max(0, Math.floor(earliestMs(item)));
  const buckets = Object.entries(item.buckets);
  return [
    version,
    packNumber(baseMs),
    packTime(item.highAtMs, baseMs),
    packNumber(item.strikes.count),
    packTime(item.strikes.atMs, baseMs),
    packNumber(item.users.length),
    ...item.users.map((user) => packUser(user, baseMs)),
    packNumber(buckets.length),
    ...buckets.map(([key, bucket]) => key + packBucket(bucket, baseMs)),
  ].join("");
}

/** null for what is none of this version. @throws RangeError when it is, and cannot be read. */
export function unpackGateItem(text: string): GateItem | null {
  if (!text.startsWith(version)) return null;
  const reader = new PackedReader(text.slice(version.length));
  const baseMs = reader.number();
  const highAtMs = readTime(reader, baseMs);
  const strikes = { count: reader.number(), atMs: readTime(reader, baseMs) };
  const users = times(reader.number(), () => readUser(reader, baseMs));
  const buckets = times(reader.number(), (): [string, Bucket] => [
    reader.characters(keyLength),
    readBucket(reader, baseMs),
  ]);
  return { buckets: Object.fromEntries(buckets), users, highAtMs, strikes };
}

function earliestMs(item: GateItem): number {
  const known = [item.highAtMs, item.strikes.atMs, ...item.users.map((user) => user.lastMs)];
  const inBuckets = Object.values(item.buckets).flatMap((bucket) => [
    bucket.untilMs,
    bucket.blockedUntilMs,
    ...timesOf(bucket.use),
  ]);
  const later = [...known, ...inBuckets].filter((atMs) => atMs > 0);
  return later.length === 0 ? 0 : Math.min(...later);
}

function timesOf(use: BucketUse): number[] {
  switch (use.kind) {
    case "log":
      return use.entries.slice(0, 1).map((entry) => entry.firstMs - use.unitMs);
    case "level":
      return [use.emptyAtMs];
    case "windows":
      return use.windows.map((window) => window.startMs);
    case "learnt":
      return [use.emptyAtMs, use.rate.cutAtMs, use.rate.sinceMs];
  }
}

/** 0 stands for never. */
function packTime(atMs: number, baseMs: number): string {
  return packNumber(atMs <= 0 ? 0 : Math.ceil(atMs) - baseMs + 1);
}

function readTime(reader: PackedReader, baseMs: number): number {
  const packed = reader.number();
  return packed === 0 ? 0 : packed - 1 + baseMs;
}

function packUser({ id, burst, peak, recent, sinceMs, lastMs }: RecentUser, baseMs: number): string {
  const used = [burst, peak, recent].map((units) => packNumber(Math.ceil(units * userPrecision)));
  return id + used.join("") + packNumber(seconds(lastMs - sinceMs)) + packTime(lastMs, baseMs);
}

/** Rounded up: known for a second more, in which it need not be. */
function seconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1_000));
}

function readUser(reader: PackedReader, baseMs: number): RecentUser {
  const id = reader.characters(userIdLength);
  const used = (): number => reader.number() / userPrecision;
  const [burst, peak, recent] = [used(), used(), used()];
  const knownMs = reader.number() * 1_000;
  const lastMs = readTime(reader, baseMs);
  return { id, burst, peak, recent, sinceMs: lastMs - knownMs, lastMs };
}

function packBucket(bucket: Bucket, baseMs: number): string {
  const held = packTime(bucket.untilMs, baseMs) + packTime(bucket.blockedUntilMs, baseMs);
  return kinds[bucket.use.kind] + held + packUse(bucket.use, baseMs);
}

function packUse(use: BucketUse, baseMs: number): string {
  switch (use.kind) {
    case "log":
      return packLog(use.unitMs, use.entries, baseMs);
    case "level":
      return packLevel(use.emptyAtMs, baseMs);
    case "windows":
      return (
        packNumber(use.windows.length) +
        use.windows.map(({ startMs, used }) => packTime(startMs, baseMs) + packNumber(Math.ceil(used))).join("")
      );
    case "learnt": {
      const { perSecond, ceilingPerSecond, cutAtMs, sinceMs, used } = use.rate;
      const rates = [perSecond, ceilingPerSecond].map((rate) => Math.round(rate * ratePrecision));
      return (
        packLevel(use.emptyAtMs, baseMs) +
        rates.map(packNumber).join("") +
        packTime(cutAtMs, baseMs) +
        packTime(sinceMs, baseMs) +
        packNumber(Math.floor(used))
      );
    }
  }
}

function readBucket(reader: PackedReader, baseMs: number): Bucket {
  const kind = reader.characters(1);
  const untilMs = readTime(reader, baseMs);
  const blockedUntilMs = readTime(reader, baseMs);
  return { untilMs, blockedUntilMs, use: readUse(reader, kind, baseMs) };
}

function readUse(reader: PackedReader, kind: string, baseMs: number): BucketUse {
  switch (kind) {
    case kinds.log:
      return readLog(reader, baseMs);
    case kinds.level:
      return { kind: "level", emptyAtMs: readLevel(reader, baseMs) };
    case kinds.windows: {
      const window = () => ({ startMs: readTime(reader, baseMs), used: reader.number() });
      return { kind: "windows", windows: times(reader.number(), window) };
    }
    case kinds.learnt: {
      const emptyAtMs = readLevel(reader, baseMs);
      const perSecond = reader.number() / ratePrecision;
      const ceilingPerSecond = reader.number() / ratePrecision;
      const cutAtMs = readTime(reader, baseMs);
      const sinceMs = readTime(reader, baseMs);
      return {
        kind: "learnt",
        emptyAtMs,
        rate: { perSecond, ceilingPerSecond, cutAtMs, sinceMs, used: reader.number() },
      };
    }
    default:
      throw new RangeError(`a packed item holds a bucket of the unknown kind ${kind}`);
  }
}

function packLevel(emptyAtMs: number, baseMs: number): string {
  return packNumber(emptyAtMs <= 0 ? 0 : Math.ceil((emptyAtMs - baseMs) * levelPrecision) + 1);
}

function readLevel(reader: PackedReader, baseMs: number): number {
  const packed = reader.number();
  return packed === 0 ? 0 : (packed - 1) / levelPrecision + baseMs;
}

/** Each entry by how far it lies from the one before, how many units, and how long it is if it is longer than a unit. */
function packLog(unitMs: number, entries: readonly LogEntry[], baseMs: number): string {
  let at = Math.floor(baseMs / unitMs);
  let text = packNumber(Math.log2(unitMs)) + packNumber(entries.length);
  for (const { firstMs, lastMs, weight } of entries) {
    const [first, last] = [Math.floor(firstMs / unitMs), Math.floor(lastMs / unitMs)];
    text += packNumber(first - at) + packNumber(Math.ceil(weight) * 2 + (last > first ? 1 : 0));
    if (last > first) text += packNumber(last - first);
    at = last;
  }
  return text;
}

function readLog(reader: PackedReader, baseMs: number): BucketUse {
  const unitMs = 2 ** reader.number();
  let at = Math.floor(baseMs / unitMs);
  const entries = times(reader.number(), (): LogEntry => {
    const first = at + reader.number();
    const weight = reader.number();
    const last = weight % 2 === 1 ? first + reader.number() : first;
    at = last;
    return { firstMs: first * unitMs, lastMs: last * unitMs + unitMs - 1, weight: Math.floor(weight / 2) };
  });
  return { kind: "log", unitMs, entries };
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}
