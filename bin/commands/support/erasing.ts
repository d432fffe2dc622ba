import * as z from "zod";
import type { ApiClient } from "../api-client.ts";
import type { Sleep } from "./wait-until-empty.ts";

/** How many of each kind. */
export type Counts = Readonly<Record<string, number>>;

const Kinds = z.record(z.string(), z.number());
const Step = z.looseObject({
  done: z.boolean(),
  removed: Kinds,
  erased: z.array(z.string()).optional(),
  againAt: z.string().optional(),
});
const Remains = z.object({ stage: z.string(), counts: Kinds, next: z.string().nullable() });
const Found = z.object({
  connectionId: z.string(),
  resource: z.string(),
  externalId: z.string(),
  at: z.array(z.string()),
});
export type Found = z.infer<typeof Found>;

/** A million and a half records with ten states each, at the rate of one call after the other, is a day's work. */
const callsMax = 10_000;
const pauseMsMax = 10_000;
const idsAtOnce = 100;

/** Asks again and again until everything is erased; tells of each call. */
export async function eraseUntilDone(
  api: ApiClient,
  path: string,
  sleep: Sleep,
  tell: (line: string) => void,
): Promise<{ readonly removed: Counts; readonly erased: readonly string[] }> {
  let removed: Counts = {};
  const erased = new Set<string>();
  for (let call = 0; call < callsMax; call++) {
    const step: z.infer<typeof Step> = await api.send("POST", path, undefined, Step);
    removed = added(removed, step.removed);
    for (const id of step.erased ?? []) erased.add(id);
    if (step.done) return { removed, erased: [...erased] };
    const waitMs = step.againAt === undefined ? 0 : Date.parse(step.againAt) - Date.now();
    tell(waitMs > 1_000 ? `Workers come to their end; ${Math.ceil(waitMs / 1_000)} s.` : "More is left; going on.");
    await sleep(Math.min(pauseMsMax, Math.max(200, waitMs)));
  }
  throw new Error("It came to no end. What is done is done: say the same again to go on.");
}

export async function countRemains(
  api: ApiClient,
  connectionId: string,
): Promise<{ readonly stage: string; readonly counts: Counts }> {
  let counts: Counts = {};
  let cursor: string | null = null;
  for (let call = 0; call < callsMax; call++) {
    const query: string = cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const page: z.infer<typeof Remains> = await api.get(`/connections/${connectionId}/remains${query}`, Remains);
    counts = added(counts, page.counts);
    cursor = page.next;
    if (cursor === null) return { stage: page.stage, counts };
  }
  throw new Error(`${connectionId}: the history is larger than this command looks through.`);
}

export async function findPersonWhole(api: ApiClient, tenantId: string, value: string): Promise<readonly Found[]> {
  const Search = z.looseObject({ found: z.array(Found), next: z.string().nullable() });
  const found: Found[] = [];
  let cursor: string | null = null;
  for (let call = 0; call < callsMax; call++) {
    const body: Record<string, unknown> = { value, ...(cursor !== null && { cursor }) };
    const path = `/tenants/${encodeURIComponent(tenantId)}/find-person`;
    const page: z.infer<typeof Search> = await api.send("POST", path, body, Search);
    found.push(...page.found);
    cursor = page.next;
    if (cursor === null) return found;
  }
  throw new Error("The tenant has more records than this command looks through.");
}

export async function forgetPeople(api: ApiClient, found: readonly Found[]): Promise<Counts> {
  const Removed = z.looseObject({ removed: Kinds });
  const places = Map.groupBy(
    found,
    ({ connectionId, resource }) => `/connections/${connectionId}/erase-records/${encodeURIComponent(resource)}`,
  );
  let removed: Counts = {};
  for (const [path, some] of places) {
    for (let from = 0; from < some.length; from += idsAtOnce) {
      const externalIds = some.slice(from, from + idsAtOnce).map(({ externalId }) => externalId);
      removed = added(removed, (await api.send("POST", path, { externalIds }, Removed)).removed);
    }
  }
  return removed;
}

function added(one: Counts, other: Counts): Counts {
  const kinds = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...kinds].map((kind) => [kind, (one[kind] ?? 0) + (other[kind] ?? 0)]));
}
