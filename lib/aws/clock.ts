import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock, Random } from "../engine/ports.ts";

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (delayMs) => sleep(Math.max(0, delayMs)),
};

const steps = 2 ** 47;

/** Fit for secrets: ids of connections are drawn from it. */
export const systemRandom: Random = {
  unit: () => randomInt(steps) / steps,
  id: () => randomBytes(15).toString("base64url"),
};
