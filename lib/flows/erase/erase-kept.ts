import type { Eraser, Erasure, Kept, KeptKey, KeptPage, Remains } from "../../engine/erasure.ts";
import { addRemains, noRemains } from "../../engine/erasure.ts";
import { mentions } from "../../engine/person-match.ts";
import type { Clock } from "../../engine/ports.ts";

export interface KeptSearch {
  readonly found: readonly KeptKey[];
  readonly looked: number;
  readonly removed: Remains;
  /** null: all that is kept of the connection was looked at. */
  readonly next: string | null;
}

const pagesMax = 1_000;

/**
 * Looks through what is kept of a connection outside its records for addresses, numbers and ids, as far as one call gets:
 * failures with their payloads and parked answers, parked jobs, bodies in the bucket. What names one of them is erased, unless
 * it is only looked for.
 */
export async function eraseKept(
  ports: { readonly clock: Clock; readonly eraser: Pick<Eraser, "kept" | "clearKept"> },
  of: Pick<Erasure, "partner" | "connectionId">,
  wanted: { readonly values: readonly string[]; readonly dryRun: boolean },
  cursor: string | null,
  untilMs: number,
): Promise<KeptSearch> {
  const found: KeptKey[] = [];
  let removed = noRemains;
  let looked = 0;
  let next = cursor;
  for (let pages = 0; pages < pagesMax; pages++) {
    const page: KeptPage = await ports.eraser.kept(of, next);
    const keys: KeptKey[] = [];
    ({ next } = page);
    for (const [index, item] of page.items.entries()) {
      if (await namesOne(item, wanted.values)) keys.push({ kind: item.kind, id: item.id });
      looked += 1;
      // The rest of the page is another call's: its bodies may take longer than this one has.
      if (index + 1 === page.items.length || ports.clock.nowMs() < untilMs) continue;
      next = item.place;
      break;
    }
    if (!wanted.dryRun && keys.length > 0) removed = addRemains(removed, await ports.eraser.clearKept(of, keys));
    found.push(...keys);
    if (next === null || ports.clock.nowMs() >= untilMs) break;
  }
  return { found, looked, removed, next };
}

/** One text at a time is in memory, and what comes after the one that names somebody is not read. */
async function namesOne(item: Kept, values: readonly string[]): Promise<boolean> {
  for await (const text of item.texts()) if (values.some((value) => mentions(text, value))) return true;
  return false;
}
