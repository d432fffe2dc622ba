import type { LimitHints } from "../ports.ts";

/** What an answer says that speaks of no limit. */
export const noHints: LimitHints = { notBeforeMs: null, remaining: [], reason: null, usedWeight: null };
