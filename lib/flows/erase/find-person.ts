import * as z from "zod";
import { mapBounded } from "../../engine/map-bounded.ts";
import { samePerson } from "../../engine/person-match.ts";
import { InvalidCursor } from "../../engine/page-cursor.ts";
import type { Connection, Page, PartnerRegistry, Ports } from "../../engine/ports.ts";
import type { RecordScope, StoredRecord } from "../../engine/record.ts";
import { resourcesOf } from "./resources-of.ts";

export interface PersonFound extends RecordScope {
  readonly externalId: string;
  /** Where in the record it stands: `email`, `extra.contact.phone`. */
  readonly at: readonly string[];
  /** The newest earlier state that holds it, where the record itself does not; null: the record holds it. */
  readonly formerVersion: number | null;
}

export interface PersonSearch {
  readonly found: readonly PersonFound[];
  readonly looked: number;
  /** Of those, how many have states that were not looked at: beyond a bound, or gone from the history by its retention. */
  readonly partly: number;
  /** null: all of the tenant's records were looked at. */
  readonly next: string | null;
}

const foundMax = 500;
const pageSize = 100;
/** Of each record, its newest ones. */
const statesMax = 50;
const historiesAtOnce = 4;
const Position = z.strictObject({
  connections: z.string().nullable(),
  index: z.int().min(0),
  resource: z.int().min(0),
  records: z.string().nullable(),
});
type Position = z.infer<typeof Position>;

const start: Position = { connections: null, index: 0, resource: 0, records: null };

/**
 * Looks through a tenant's records for an exact e-mail address or telephone number, wherever in a record it stands or in a
 * state that it had, as far as one call gets: an address that was corrected since is in the history alone. Case, and what is
 * between a number's digits, make no difference.
 */
export async function findPerson(
  ports: FindPorts,
  tenantId: string,
  wanted: string,
  cursor: string | null,
  untilMs: number,
): Promise<PersonSearch> {
  let at = cursor === null ? start : decode(cursor);
  const found: PersonFound[] = [];
  let looked = 0;
  let partly = 0;
  while (ports.clock.nowMs() < untilMs && found.length < foundMax) {
    const page: Page<Connection> = await ports.connections.list(tenantId, { limit: 10, cursor: at.connections });
    const connection = page.items[at.index];
    if (connection === undefined) {
      if (page.next === null) return { found, looked, partly, next: null };
      at = { ...start, connections: page.next };
      continue;
    }
    const driver = ports.partners.find(connection.partner);
    const resource = (await resourcesOf(ports, driver, connection))[at.resource];
    if (resource === undefined) {
      at = { ...at, index: at.index + 1, resource: 0, records: null };
      continue;
    }
    const scope = { partner: connection.partner, connectionId: connection.connectionId, resource };
    const filter = { writtenSinceMs: null, deleted: "include" } as const;
    const records = await ports.records.find(scope, filter, { limit: pageSize, cursor: at.records });
    const matches = await mapBounded(records.items, historiesAtOnce, (record) => matchOf(ports, record, scope, wanted));
    found.push(...matches.flatMap((match) => match.found));
    partly += matches.filter((match) => match.isPartly).length;
    looked += records.items.length;
    at = records.next === null ? { ...at, resource: at.resource + 1, records: null } : { ...at, records: records.next };
  }
  return { found, looked, partly, next: encode(at) };
}

type FindPorts = Pick<Ports, "clock" | "connections" | "history" | "records"> & { readonly partners: PartnerRegistry };

interface Match {
  readonly found: readonly PersonFound[];
  readonly isPartly: boolean;
}

async function matchOf(
  ports: Pick<Ports, "history">,
  record: StoredRecord,
  scope: RecordScope,
  wanted: string,
): Promise<Match> {
  const { externalId, version } = record;
  const now = placesOf(record.data, wanted);
  if (now.length > 0) return { found: [{ ...scope, externalId, at: now, formerVersion: null }], isPartly: false };
  if (version === 1) return { found: [], isPartly: false };
  const states = await ports.history.list(scope, externalId, statesMax);
  for (const state of states) {
    const at = placesOf(state.data, wanted);
    if (at.length > 0) return { found: [{ ...scope, externalId, at, formerVersion: state.version }], isPartly: false };
  }
  return { found: [], isPartly: states.at(-1)?.version !== 1 };
}

const depthMax = 12;
const placesMax = 20;

function placesOf(value: unknown, wanted: string, path: readonly string[] = []): string[] {
  if (typeof value === "string" || typeof value === "number") return samePerson(value, wanted) ? [path.join(".")] : [];
  if (typeof value !== "object" || value === null || path.length >= depthMax) return [];
  return Object.entries(value)
    .flatMap(([name, inner]) => [
      ...(samePerson(name, wanted) ? [[...path, name].join(".")] : []),
      ...placesOf(inner, wanted, [...path, name]),
    ])
    .slice(0, placesMax);
}

function encode(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

function decode(cursor: string): Position {
  try {
    return Position.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch {
    throw new InvalidCursor();
  }
}
