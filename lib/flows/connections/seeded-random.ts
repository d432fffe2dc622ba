import { fingerprintOf } from "../../engine/fingerprint.ts";
import type { Random } from "../../engine/ports.ts";

/** The same draws for the same seed, so that a call which comes twice makes the same id twice. As secret as its seed is. */
export function seededRandom(seed: readonly string[]): Random {
  let drawn = 0;
  const next = (): string => fingerprintOf([...seed, String(drawn++)]);
  return { unit: () => Buffer.from(next(), "base64url").readUIntBE(0, 6) / 2 ** 48, id: next };
}
