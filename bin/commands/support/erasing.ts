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
  formerVersion: z.number().nullable(),
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
    removed = addCounts(removed, step.removed);
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
    counts = addCounts(counts, page.counts);
    cursor = page.next;
    if (cursor === null) return { stage: page.stage, counts };
  }
  throw new Error(`${connectionId}: the history is larger than this command looks through.`);
}

async function findPersonWhole(
  api: ApiClient,
  tenantId: string,
  value: string,
): Promise<{ readonly found: readonly Found[]; readonly partly: number }> {
  const Search = z.looseObject({ found: z.array(Found), partly: z.number(), next: z.string().nullable() });
  const found: Found[] = [];
  let partly = 0;
  let cursor: string | null = null;
  for (let call = 0; call < callsMax; call++) {
    const body: Record<string, unknown> = { value, ...(cursor !== null && { cursor }) };
    const path = `/tenants/${encodeURIComponent(tenantId)}/find-person`;
    const page: z.infer<typeof Search> = await api.send("POST", path, body, Search);
    found.push(...page.found);
    partly += page.partly;
    cursor = page.next;
    if (cursor === null) return { found, partly };
  }
  throw new Error("The tenant has more records than this command looks through.");
}

const KeptKey = z.object({ kind: z.string(), id: z.string() });
const KeptSearch = z.looseObject({ found: z.array(KeptKey), removed: Kinds, next: z.string().nullable() });
export type FoundKept = z.infer<typeof KeptKey> & { readonly connectionId: string };

/** An id that is shorter says nothing in a payload. */
const idCharsMin = 6;
const valuesMax = 500;

export interface PersonFound {
  readonly records: readonly Found[];
  /** Records of which not every earlier state could be looked at. */
  readonly partly: number;
  readonly kept: readonly FoundKept[];
  readonly removed: Counts;
}

/**
 * One pass over everything that a tenant has: its records by the value, and what is kept beside them by the value and the ids
 * of the records that hold it, also of those that an earlier pass found.
 */
export async function passOverPerson(
  api: ApiClient,
  of: { readonly tenantId: string; readonly value: string; readonly known: readonly Found[]; readonly erase: boolean },
): Promise<PersonFound> {
  const { tenantId, value, known, erase } = of;
  const { found: records, partly } = await findPersonWhole(api, tenantId, value);
  const all = distinct([...known, ...records]);
  // Again what was erased before: a change that was on its way may have written a state to the history.
  let removed = erase ? await forgetPeople(api, all) : {};
  const kept: FoundKept[] = [];
  const path = `/connections?tenantId=${encodeURIComponent(tenantId)}`;
  for (const { id: connectionId } of await api.list(path, z.looseObject({ id: z.string() }), connectionsMax)) {
    const ids = all.flatMap((each) => (each.connectionId === connectionId ? [each.externalId] : []));
    const long = ids.filter((id) => id.length >= idCharsMin);
    for (let from = 0; from === 0 || from < long.length; from += valuesMax - 1) {
      const values = [value, ...long.slice(from, from + valuesMax - 1)];
      const search = await searchKept(api, connectionId, values, !erase);
      kept.push(...search.kept);
      removed = addCounts(removed, search.removed);
    }
  }
  return { records, partly, kept, removed };
}

const connectionsMax = 10_000;

async function searchKept(
  api: ApiClient,
  connectionId: string,
  values: readonly string[],
  dryRun: boolean,
): Promise<{ readonly kept: readonly FoundKept[]; readonly removed: Counts }> {
  const kept: FoundKept[] = [];
  let removed: Counts = {};
  let cursor: string | null = null;
  for (let call = 0; call < callsMax; call++) {
    const body: Record<string, unknown> = { values, dryRun, ...(cursor !== null && { cursor }) };
    const path = `/connections/${connectionId}/erase-kept`;
    const page: z.infer<typeof KeptSearch> = await api.send("POST", path, body, KeptSearch);
    kept.push(...page.found.map((each) => ({ ...each, connectionId })));
    removed = addCounts(removed, page.removed);
    cursor = page.next;
    if (cursor === null) return { kept, removed };
  }
  throw new Error(`${connectionId}: more is kept than this command looks through.`);
}

export function distinct(found: readonly Found[]): readonly Found[] {
  const byId = found.map(
    (each) => [JSON.stringify([each.connectionId, each.resource, each.externalId]), each] as const,
  );
  return [...new Map(byId).values()];
}

async function forgetPeople(api: ApiClient, found: readonly Found[]): Promise<Counts> {
  const Removed = z.looseObject({ removed: Kinds });
  const places = Map.groupBy(
    found,
    ({ connectionId, resource }) => `/connections/${connectionId}/erase-records/${encodeURIComponent(resource)}`,
  );
  let removed: Counts = {};
  for (const [path, some] of places) {
    for (let from = 0; from < some.length; from += idsAtOnce) {
      const externalIds = some.slice(from, from + idsAtOnce).map(({ externalId }) => externalId);
      removed = addCounts(removed, (await api.send("POST", path, { externalIds }, Removed)).removed);
    }
  }
  return removed;
}

export function addCounts(one: Counts, other: Counts): Counts {
  const kinds = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...kinds].map((kind) => [kind, (one[kind] ?? 0) + (other[kind] ?? 0)]));
}
