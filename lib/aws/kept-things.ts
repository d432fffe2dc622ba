import * as z from "zod";
import type { Eraser, Erasure, Kept, KeptKey, KeptPage, Remains } from "../engine/erasure.ts";
import { InvalidCursor } from "../engine/page-cursor.ts";
import { claimPrefixesOf } from "./claim-key.ts";
import type { EraserWorld } from "./eraser.ts";
import { text } from "./item.ts";
import type { Item } from "./item.ts";
import { jobPrefix } from "./parked-item.ts";

type Of = Pick<Erasure, "partner" | "connectionId">;

/** Of at most 400 KB each; the bodies beside them, of at most 32 MB each, are read when their turn comes. */
const itemsAtOnce = 25;
const places = ["failure", "job", "body"] as const satisfies readonly Kept["kind"][];
const Cursor = z.strictObject({ place: z.enum(places), after: z.string().nullable() });
type Cursor = z.infer<typeof Cursor>;

/** Where a claim check stands in the JSON of a failure or a job. */
const claimKey = /"(?:jobClaim|key)":"((?:bodies|records)\/[^"]+)"/g;

/** What is kept of a connection outside its records, with all that it says: by partition and prefix, so that nothing is overlooked. */
export function keptThings(world: EraserWorld): Pick<Eraser, "kept" | "clearKept"> {
  return {
    async kept(of, after) {
      const at = after === null ? { place: "failure" as const, after: null } : decode(after);
      const page =
        at.place === "body" ? await bodiesOf(world, of, at.after) : await itemsOf(world, of, at.place, at.after);
      if (page.next !== null) return { items: page.items, next: encode({ place: at.place, after: page.next }) };
      const place = places[places.indexOf(at.place) + 1];
      return { items: page.items, next: place === undefined ? null : encode({ place, after: null }) };
    },

    async clearKept(of, kept) {
      let removed: Partial<Remains> = {};
      const failures = await clearItems(world, of, "failure", kept);
      const jobs = await clearItems(world, of, "job", kept);
      const bodies = kept.filter(({ kind, id }) => kind === "body" && isOf(of, id));
      for (const { id } of bodies) await world.bucket.delete(id);
      removed = { failures: failures.items, runs: jobs.items, objects: failures.claims + jobs.claims + bodies.length };
      return removed;
    },
  };
}

type ItemKind = Exclude<Kept["kind"], "body">;

/** The table, and how the sort keys begin. */
const homes: Readonly<Record<ItemKind, { readonly table: "failures" | "runs"; readonly prefix: string }>> = {
  failure: { table: "failures", prefix: "" },
  job: { table: "runs", prefix: jobPrefix },
};

async function itemsOf(world: EraserWorld, of: Of, kind: ItemKind, after: string | null): Promise<KeptPage> {
  const { table, prefix } = homes[kind];
  const pk = text(partitionOf(of));
  const answer = await world.tables[table].query({
    KeyConditionExpression: prefix === "" ? "pk = :pk" : "pk = :pk AND begins_with(sk, :prefix)",
    ExpressionAttributeValues: { ":pk": pk, ...(prefix !== "" && { ":prefix": text(prefix) }) },
    ConsistentRead: true,
    Limit: itemsAtOnce,
    ...(after !== null && { ExclusiveStartKey: { pk, sk: text(after) } }),
  });
  const items = answer.items.map(({ sk, body }): Kept => {
    const id = sk?.S ?? "";
    return { kind, id, texts: () => textsOf(world, of, id, body?.S ?? ""), place: encode({ place: kind, after: id }) };
  });
  return { items, next: answer.lastKey?.["sk"]?.S ?? null };
}

/** What an item says, what it has in the bucket, and what that has there: a job may be there, and its payload too. */
async function* textsOf(world: EraserWorld, of: Of, id: string, json: string): AsyncGenerator<string> {
  yield id;
  yield* said(json);
  for (const key of claimsIn(of, json)) {
    const claimed = await bodyText(world, key);
    yield* said(claimed);
    for (const inner of claimsIn(of, claimed)) yield await bodyText(world, inner);
  }
}

async function bodyText({ bucket }: EraserWorld, key: string): Promise<string> {
  const body = await bucket.get(key);
  return body === null ? "" : Buffer.from(body).toString("utf8");
}

/** A payload that is no text is in its job as base64. */
function* said(json: string): Generator<string> {
  yield json;
  for (const [, base64 = ""] of json.matchAll(/"base64":"([^"]*)"/g))
    yield Buffer.from(base64, "base64").toString("utf8");
}

/** Only what lies below the connection: a payload may have said anything. */
function claimsIn(of: Of, json: string): readonly string[] {
  return [...json.matchAll(claimKey)].map(([, key = ""]) => key).filter((key) => isOf(of, key));
}

function isOf(of: Of, key: string): boolean {
  return claimPrefixesOf(of).some((prefix) => key.startsWith(prefix));
}

async function bodiesOf(world: EraserWorld, { partner, connectionId }: Of, after: string | null): Promise<KeptPage> {
  const keys = await world.bucket.list(`bodies/${partner}/${connectionId}/`, after);
  const some = keys.slice(0, itemsAtOnce);
  const items = some.map((key): Kept => {
    const place = encode({ place: "body", after: key });
    return { kind: "body", id: key, texts: () => textsOfBody(world, key), place };
  });
  return { items, next: keys.length > some.length ? (some.at(-1) ?? null) : null };
}

async function* textsOfBody(world: EraserWorld, key: string): AsyncGenerator<string> {
  yield* said(await bodyText(world, key));
}

async function clearItems(
  world: EraserWorld,
  of: Of,
  kind: ItemKind,
  kept: readonly KeptKey[],
): Promise<{ readonly items: number; readonly claims: number }> {
  const table = world.tables[homes[kind].table];
  const pk = text(partitionOf(of));
  const keys = kept.filter((each) => each.kind === kind).map(({ id }): Item => ({ pk, sk: text(id) }));
  if (keys.length === 0) return { items: 0, claims: 0 };
  const items = await table.batchGet(keys);
  const claims = new Set<string>();
  for (const { body } of items) {
    for (const key of claimsIn(of, body?.S ?? "")) {
      for (const inner of claimsIn(of, await bodyText(world, key))) claims.add(inner);
      claims.add(key);
    }
  }
  // Before the items that lead to them.
  for (const key of claims) await world.bucket.delete(key);
  await table.batchDelete(items.map((item) => ({ pk, sk: item["sk"] ?? text("") })));
  return { items: items.length, claims: claims.size };
}

function partitionOf({ partner, connectionId }: Of): string {
  return `${partner}#${connectionId}`;
}

function encode(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

function decode(cursor: string): Cursor {
  try {
    return Cursor.parse(JSON.parse(Buffer.from(cursor, "base64url").toString("utf8")));
  } catch {
    throw new InvalidCursor();
  }
}
