import { randomBytes, randomInt } from "node:crypto";
import type { Clock, Random } from "../engine/ports.ts";

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (delayMs) => new Promise((resolve) => setTimeout(resolve, Math.max(0, delayMs))),
};

const steps = 2 ** 47;

/** Fit for secrets: ids of connections are drawn from it. */
export const systemRandom: Random = {
  unit: () => randomInt(steps) / steps,
  id: () => randomBytes(15).toString("base64url"),
};
