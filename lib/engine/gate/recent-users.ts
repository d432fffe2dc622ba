import { createHash } from "node:crypto";

/** What one connection lately took of the limits in an item; a few of them are remembered. */
export interface RecentUser {
  readonly id: string;
  /** Units in about the last second and a half. */
  readonly burst: number;
  /** The largest burst, forgotten over minutes. */
  readonly peak: number;
  /** Units in about the last half minute. */
  readonly recent: number;
  readonly lastMs: number;
}

const burstMs = 1_500;
const recentMs = 30_000;
const peakHalvesMs = 300_000;
const rememberedMs = 600_000;
const usersMax = 8;
/** A connection that was seen lately is left at least this part of a limit. */
const keptShareMin = 1 / 16;
/** However many are quiet, a busy connection has this part of a limit. */
const busyShareMin = 0.5;

/** The sketch after `connectionId` took `weight` units. When it is full, the busiest is forgotten: only quiet ones need to be known. */
export function noteUse(
  users: readonly RecentUser[],
  connectionId: string,
  weight: number,
  nowMs: number,
): readonly RecentUser[] {
  const id = userIdOf(connectionId);
  const others = users.filter((user) => user.id !== id && nowMs - user.lastMs < rememberedMs);
  const before = at(users.find((user) => user.id === id) ?? { id, burst: 0, peak: 0, recent: 0, lastMs: nowMs }, nowMs);
  const burst = before.burst + weight;
  const peak = Math.max(before.peak, burst);
  const noted = [...others, { ...before, burst, peak, recent: before.recent + weight }];
  if (noted.length <= usersMax) return noted;
  const busiest = noted.reduce((most, user) => (at(user, nowMs).recent > at(most, nowMs).recent ? user : most));
  return noted.filter((user) => user !== busiest);
}

/**
 * How much of a limit of `count` a connection leaves to others. A quiet one leaves nothing; a busy one leaves every quiet one
 * what that lately took at once. Quiet is who takes less than half of an even part.
 */
export function keptForOthers(
  users: readonly RecentUser[],
  connectionId: string,
  limit: { readonly count: number; readonly unitsPerMs: number },
  nowMs: number,
): number {
  const id = userIdOf(connectionId);
  const live = users.filter((user) => nowMs - user.lastMs < rememberedMs).map((user) => at(user, nowMs));
  const self = live.find((user) => user.id === id);
  const others = live.filter((user) => user.id !== id);
  const quietPerMs = limit.unitsPerMs / (others.length + 1) / 2;
  if (self === undefined || Math.max(self.recent / recentMs, self.burst / burstMs) <= quietPerMs) return 0;
  const evenPart = Math.floor(limit.count / (others.length + 1));
  const kept = others
    .filter((user) => user.recent / recentMs <= quietPerMs)
    .map((user) => {
      const wanted = Math.max(user.peak, limit.count * keptShareMin) - user.burst;
      return Math.max(0, Math.min(evenPart, Math.ceil(wanted - 1e-6)));
    });
  return Math.min(
    Math.floor(limit.count * (1 - busyShareMin)),
    kept.reduce((sum, units) => sum + units, 0),
  );
}

function at(user: RecentUser, nowMs: number): RecentUser {
  const passedMs = Math.max(0, nowMs - user.lastMs);
  return {
    id: user.id,
    burst: user.burst * Math.exp(-passedMs / burstMs),
    peak: user.peak * 0.5 ** (passedMs / peakHalvesMs),
    recent: user.recent * Math.exp(-passedMs / recentMs),
    lastMs: Math.max(user.lastMs, nowMs),
  };
}

/** Two characters tell eight connections apart, and nobody's id is in the table. */
function userIdOf(connectionId: string): string {
  return createHash("sha256").update(connectionId).digest("base64url").slice(0, 2);
}
