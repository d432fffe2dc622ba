import * as z from "zod";
import { samePerson } from "../../engine/person-match.ts";
import { InvalidCursor } from "../../engine/page-cursor.ts";
import type { Connection, Page, PartnerRegistry, Ports } from "../../engine/ports.ts";
import type { RecordScope, StoredRecord } from "../../engine/record.ts";

export interface PersonFound extends RecordScope {
  readonly externalId: string;
  /** Where in the record it stands: `email`, `extra.contact.phone`. */
  readonly at: readonly string[];
}

export interface PersonSearch {
  readonly found: readonly PersonFound[];
  readonly looked: number;
  /** null: all of the tenant's records were looked at. */
  readonly next: string | null;
}

const foundMax = 500;
const pageSize = 100;
const Position = z.strictObject({
  connections: z.string().nullable(),
  index: z.int().min(0),
  resource: z.int().min(0),
  records: z.string().nullable(),
});
type Position = z.infer<typeof Position>;

const start: Position = { connections: null, index: 0, resource: 0, records: null };

/**
 * Looks through a tenant's records for an exact e-mail address or telephone number, wherever in a record it stands, as far
 * as one call gets. Case, and what is between a number's digits, make no difference.
 */
export async function findPerson(
  ports: Pick<Ports, "clock" | "connections" | "records"> & { readonly partners: PartnerRegistry },
  tenantId: string,
  wanted: string,
  cursor: string | null,
  untilMs: number,
): Promise<PersonSearch> {
  let at = cursor === null ? start : decode(cursor);
  const found: PersonFound[] = [];
  let looked = 0;
  while (ports.clock.nowMs() < untilMs && found.length < foundMax) {
    const page: Page<Connection> = await ports.connections.list(tenantId, { limit: 10, cursor: at.connections });
    const connection = page.items[at.index];
    if (connection === undefined) {
      if (page.next === null) return { found, looked, next: null };
      at = { ...start, connections: page.next };
      continue;
    }
    const resource = Object.keys(ports.partners.find(connection.partner)?.resources ?? {})[at.resource];
    if (resource === undefined) {
      at = { ...at, index: at.index + 1, resource: 0, records: null };
      continue;
    }
    const scope = { partner: connection.partner, connectionId: connection.connectionId, resource };
    const filter = { writtenSinceMs: null, deleted: "include" } as const;
    const records = await ports.records.find(scope, filter, { limit: pageSize, cursor: at.records });
    found.push(...records.items.flatMap((record) => matchOf(record, scope, wanted)));
    looked += records.items.length;
    at = records.next === null ? { ...at, resource: at.resource + 1, records: null } : { ...at, records: records.next };
  }
  return { found, looked, next: encode(at) };
}

function matchOf(record: StoredRecord, scope: RecordScope, wanted: string): PersonFound[] {
  const at = placesOf(record.data, wanted);
  return at.length === 0 ? [] : [{ ...scope, externalId: record.externalId, at }];
}

const depthMax = 12;
const placesMax = 20;

function placesOf(value: unknown, wanted: string, path: readonly string[] = []): string[] {
  if (typeof value === "string") return samePerson(value, wanted) ? [path.join(".")] : [];
  if (typeof value !== "object" || value === null || path.length >= depthMax) return [];
  return Object.entries(value)
    .flatMap(([name, inner]) => placesOf(inner, wanted, [...path, name]))
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
