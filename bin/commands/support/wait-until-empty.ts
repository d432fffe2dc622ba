import type { ApiClient } from "../api-client.ts";
import { readStanding } from "./partner-api.ts";
import type { PartnerStanding } from "./partner-shapes.ts";
import { leftLine } from "./partner-text.ts";

export type Sleep = (delayMs: number) => Promise<unknown>;

export const lookEveryMs = 2_000;

/** Looks at partners until all are empty, or until the time is up. `show` gets a line a partner after each look. */
export async function waitUntilEmpty(
  api: ApiClient,
  partners: readonly string[],
  bounds: { readonly waitMsMax: number; readonly sleep: Sleep; readonly stopped?: () => boolean },
  show: (lines: readonly string[]) => void,
): Promise<readonly PartnerStanding[]> {
  const looksMax = Math.ceil(bounds.waitMsMax / lookEveryMs);
  for (let look = 0; ; look++) {
    const standings = await Promise.all(partners.map((partner) => readStanding(api, partner)));
    show(standings.map(leftLine));
    const over = look >= looksMax || bounds.stopped?.() === true;
    if (over || standings.every(({ empty }) => empty)) return standings;
    await bounds.sleep(lookEveryMs);
  }
}
