import { createHash } from "node:crypto";

/** What one connection lately took of the limits in an item; a few of them are remembered. */
export interface RecentUser {
  readonly id: string;
  /** Units in about the last second and a half. */
  readonly burst: number;
  /** The largest burst, forgotten over minutes. */
  readonly peak: number;
  /** Units in about the last minute. */
  readonly recent: number;
  /** The first and the last time that it was seen. */
  readonly sinceMs: number;
  readonly lastMs: number;
}

const burstMs = 1_500;
const recentMs = 60_000;
const peakHalvesMs = 300_000;
const rememberedMs = 600_000;
const usersMax = 8;
/** A connection that was seen lately is left at least this part of a limit. */
const keptShareMin = 1 / 16;
/** However many are quiet, a busy connection has this part of a limit. */
const busyShareMin = 0.5;

/** The sketch after `connectionId` took `units`, so many of them at once. When it is full, the busiest is forgotten: only quiet ones need to be known. */
export function noteUse(
  users: readonly RecentUser[],
  connectionId: string,
  { units, atOnce }: { readonly units: number; readonly atOnce: number },
  nowMs: number,
): readonly RecentUser[] {
  const id = userIdOf(connectionId);
  const others = users.filter((user) => user.id !== id && nowMs - user.lastMs < rememberedMs);
  const unseen = { id, burst: 0, peak: 0, recent: 0, sinceMs: nowMs, lastMs: nowMs };
  const before = at(users.find((user) => user.id === id && nowMs - user.lastMs < rememberedMs) ?? unseen, nowMs);
  const burst = before.burst + atOnce;
  const peak = Math.max(before.peak, burst);
  const noted = [...others, { ...before, burst, peak, recent: before.recent + units }];
  if (noted.length <= usersMax) return noted;
  const busiest = noted.reduce((most, user) => (at(user, nowMs).recent > at(most, nowMs).recent ? user : most));
  return noted.filter((user) => user !== busiest);
}

/** A limit that connections share. */
export interface SharedLimit {
  readonly count: number;
  /** What it lets through in the long run. */
  readonly unitsPerMs: number;
}

/** Who asks, for how many units at once, and what the tightest of the limits that the call counts against allow. */
export interface SharingRequest {
  readonly connectionId: string;
  readonly units: number;
  readonly tightest: SharedLimit;
}

/**
 * How much of `limit` a connection leaves to others. A quiet one leaves nothing; a busy one leaves every quiet one what that
 * lately took at once and will need until the window has moved on, up to an even part. Quiet is who takes less than the one
 * that asks, and less than half of an even part in the long run, as a minute has shown: after a silence nobody has been
 * busy, and all are equal. Whoever asks for more than one at once is busy.
 */
export function keptForOthers(
  users: readonly RecentUser[],
  { connectionId, units, tightest }: SharingRequest,
  limit: SharedLimit,
  nowMs: number,
): number {
  const id = userIdOf(connectionId);
  const live = users.filter((user) => nowMs - user.lastMs < rememberedMs).map((user) => at(user, nowMs));
  const others = live.filter((user) => user.id !== id);
  const parts = others.length + 1;
  const takesLittle = ({ recent }: { readonly recent: number }): boolean =>
    recent / recentMs <= tightest.unitsPerMs / parts / 2;
  const self = live.find((user) => user.id === id) ?? { burst: 0, recent: 0 };
  if (takesLittle(self) && self.burst + units <= tightest.count / parts) return 0;
  const evenPart = Math.floor(limit.count / parts);
  const kept = others
    .filter((user) => takesLittle(user) && user.recent < self.recent && nowMs - user.sinceMs >= recentMs)
    .map((user) => Math.max(0, Math.min(evenPart, Math.round(neededBy(user, limit)))));
  return Math.min(
    Math.floor(limit.count * (1 - busyShareMin)),
    kept.reduce((sum, each) => sum + each, 0),
  );
}

/** Until the window has moved on; of a long one a busy connection may take all that is left in its first second. */
function neededBy(user: RecentUser, { count, unitsPerMs }: SharedLimit): number {
  const windowMs = count / unitsPerMs;
  const least = count * keptShareMin;
  // One more than it ever took at once, and what it took just now is not taken off: others date far ahead, and would fill the
  // moments after its burst.
  if (windowMs < recentMs) return Math.max(user.peak + 1, least);
  // What it will use is known about as well as one burst more or less.
  return Math.max(2 * user.peak + (user.recent / recentMs) * windowMs, least);
}

function at(user: RecentUser, nowMs: number): RecentUser {
  const passedMs = Math.max(0, nowMs - user.lastMs);
  return {
    id: user.id,
    burst: user.burst * Math.exp(-passedMs / burstMs),
    peak: user.peak * 0.5 ** (passedMs / peakHalvesMs),
    recent: user.recent * Math.exp(-passedMs / recentMs),
    sinceMs: user.sinceMs,
    lastMs: Math.max(user.lastMs, nowMs),
  };
}

/** Two characters tell eight connections apart, and nobody's id is in the table. */
function userIdOf(connectionId: string): string {
  return createHash("sha256").update(connectionId).digest("base64url").slice(0, 2);
}
