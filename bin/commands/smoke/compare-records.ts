import { isDeepStrictEqual } from "node:util";
import type { PlayPartner } from "../../../lib/local/world/open-world.ts";
import type { LedgerObject } from "../../../lib/local/world/sandbox-client.ts";
import type { ApiClient } from "../api-client.ts";
import { RecordView } from "../api-shapes.ts";
import { check } from "./report.ts";
import type { Check } from "./report.ts";

/** Compares every object of the partner with its record: there or gone, in the newest state, written once a state. */
export async function compareRecords(
  api: ApiClient,
  partner: PlayPartner,
  connectionId: string,
): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const [type, resource] of Object.entries(partner.demo.resourceOf)) {
    const objects = await partner.client.objects(type);
    const records = await api.list(`/connections/${connectionId}/records/${resource}`, RecordView);
    checks.push(...compareResource(resource, objects, records));
  }
  return checks;
}

export function compareResource(
  resource: string,
  objects: readonly LedgerObject[],
  records: readonly RecordView[],
): readonly Check[] {
  const recordOf = new Map(records.map((record) => [record.externalId, record]));
  const known = new Set(objects.map((object) => object.id));
  const live = objects.filter((object) => !object.deleted);
  const gone = objects.filter((object) => object.deleted);
  const newest = live.filter((object) => isInState(object, recordOf.get(object.id)));
  const once = objects.filter((object) => recordOf.get(object.id)?.version === writesOf(object));
  const stale = live
    .filter((object) => !newest.includes(object))
    .map(
      (object) => `${object.id} is at revision ${object.revision}, the record is ${describe(recordOf.get(object.id))}`,
    );
  const twice = objects
    .filter((object) => !once.includes(object))
    .map(
      (object) =>
        `${object.id} was served in ${writesOf(object)} states, the record is ${describe(recordOf.get(object.id))}`,
    );
  const strangers = records.filter((record) => !known.has(record.externalId)).map((record) => record.externalId);
  return [
    check(`${resource}: live`, live.length, records.filter((record) => !record.deleted).length, strangers),
    check(
      `${resource}: deleted`,
      gone.length,
      gone.filter((object) => recordOf.get(object.id)?.deleted === true).length,
    ),
    check(`${resource}: in the newest state`, live.length, newest.length, stale),
    check(`${resource}: written once a state`, objects.length, once.length, twice),
  ];
}

/**
 * The partner has served the object's newest state, and what the driver passes through as it came is there,
 * field for field, as the partner has it now. No code of the driver is asked.
 */
export function isInState(object: LedgerObject, record: RecordView | undefined): boolean {
  if (record === undefined || record.deleted || object.newestServed !== object.revision) return false;
  const { extra, ...mapped } = record.data;
  if (typeof extra !== "object" || extra === null) return false;
  const passed = Object.entries(extra).every(([field, value]) => isPart(value, object.state[field]));
  // A model's description is the partner's own, word for word.
  const described = typeof mapped["description"] !== "string" || mapped["description"] === object.state["description"];
  return passed && described;
}

/** Equal, but for members that a driver must not keep (secrets within a structure). */
function isPart(kept: unknown, whole: unknown): boolean {
  if (Array.isArray(kept))
    return (
      Array.isArray(whole) && kept.length === whole.length && kept.every((value, index) => isPart(value, whole[index]))
    );
  if (typeof kept !== "object" || kept === null) return isDeepStrictEqual(kept, whole);
  if (typeof whole !== "object" || whole === null) return false;
  const members = new Map<string, unknown>(Object.entries(whole));
  return Object.entries(kept).every(([name, value]) => isPart(value, members.get(name)));
}

/** A record has a version for each state that the partner served in a whole answer, and one for finding it gone. */
function writesOf(object: LedgerObject): number {
  return object.revisionsServed;
}

function describe(record: RecordView | undefined): string {
  return record === undefined ? "not there" : `at version ${record.version}${record.deleted ? ", deleted" : ""}`;
}
