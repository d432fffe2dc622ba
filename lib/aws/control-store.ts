import * as z from "zod";
import { atRest, isAtRest } from "../engine/control.ts";
import type { Control } from "../engine/control.ts";
import type { Clock, ControlStore } from "../engine/ports.ts";
import { ExpiringCache } from "./expiring-cache.ts";
import { jsonOf, number, text } from "./item.ts";
import type { Item } from "./item.ts";
import { readDue } from "./list-query.ts";
import type { Table } from "./table.ts";

/** Everybody who makes calls asks before each: a pause is obeyed within this. */
const cacheBounds = { keptMs: 5_000, entriesMax: 500 };

const count = z.int().min(0);
const Wish = z.object({ sinceMs: z.number(), by: z.string(), reason: z.string() });
const lane = z.enum(["webhooks", "imports"]);

const Breaker = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("closed"),
    windows: z.array(
      z.object({
        fromMs: z.number(),
        calls: count,
        failures: count,
        worst: z.array(z.object({ tag: z.string(), calls: count, failures: count })).exactOptional(),
      }),
    ),
    before: z.object({ opened: count, closedAtMs: z.number() }).nullable(),
  }),
  z.object({ kind: z.literal("open"), opened: count, sinceMs: z.number(), untilMs: z.number() }),
  z.object({
    kind: z.literal("half-open"),
    opened: count,
    sinceMs: z.number(),
    untilMs: z.number(),
    begun: count,
    passed: count,
  }),
]);

const ControlBody: z.ZodType<Control> = z.object({
  partner: z.string(),
  connectionId: z.string().nullable(),
  pause: Wish.nullable(),
  schedules: Wish.nullable(),
  breaker: Breaker,
  staleBefore: z.array(z.object({ atMs: z.number(), resource: z.string().nullable(), lane: lane.nullable() })),
  canaries: z.array(z.object({ lane, sentAtMs: z.number(), consumedAtMs: z.number() })),
  lanes: z.object({ wanted: z.enum(["running", "stopped"]), agreed: z.boolean(), sinceMs: z.number() }),
  connectionsHeld: z.boolean(),
  revision: count,
});

const heldIndex = { name: "active", partitionName: "activePartition", timeName: "nextLookMs" };

/** Controls beside the runs of what they hold; connections that are not at rest are in the index `active`, under a partition of their own. */
export function createControlStore(table: Table, clock: Clock): ControlStore {
  const cache = new ExpiringCache<Control>(clock, cacheBounds);
  /** Under way: the jobs of a batch ask at the same moment. */
  const asked = new Map<string, Promise<Control>>();
  const read = (item: Item): Control => jsonOf(table.name, item, ControlBody);
  const readFresh = async (partner: string, connectionId: string | null): Promise<Control> => {
    const key = keyOf({ partner, connectionId });
    const item = await table.get(key);
    const control = item === null ? atRest(partner, connectionId) : read(item);
    cache.set(cacheKeyOf(key), control);
    return control;
  };
  return {
    async read(partner, connectionId, options) {
      if (options?.fresh === true) return readFresh(partner, connectionId);
      const key = cacheKeyOf(keyOf({ partner, connectionId }));
      const kept = cache.get(key);
      if (kept !== undefined) return kept;
      const reading = asked.get(key) ?? readFresh(partner, connectionId).finally(() => void asked.delete(key));
      asked.set(key, reading);
      return reading;
    },

    async compareAndSet(next) {
      const item = itemOf(next);
      const stored =
        next.revision === 1
          ? (await table.create(item)) === "created"
          : (await table.replace(item, next.revision)).kind === "stored";
      if (stored) cache.set(cacheKeyOf(keyOf(next)), next);
      else cache.delete(cacheKeyOf(keyOf(next)));
      return stored ? "stored" : "superseded";
    },

    async held(partner, limit) {
      const bounds = { untilMs: Number.MAX_SAFE_INTEGER, limit };
      return (await readDue(table, heldIndex, [heldPartitionOf(partner)], bounds)).map(read);
    },
  };
}

function itemOf(control: Control): Item {
  const held = control.connectionId !== null && !isAtRest(control);
  const sinceMs = control.pause?.sinceMs ?? (control.breaker.kind === "closed" ? 0 : control.breaker.sinceMs);
  return {
    ...keyOf(control),
    revision: number(control.revision),
    body: text(JSON.stringify(control)),
    ...(held && { activePartition: text(heldPartitionOf(control.partner)), nextLookMs: number(sinceMs) }),
  };
}

/** `-` is nobody's connection id, and `!` comes before every run's id. */
function keyOf({ partner, connectionId }: Pick<Control, "partner" | "connectionId">): Item {
  return { pk: text(`${partner}#${connectionId ?? "-"}`), sk: text("!control") };
}

function heldPartitionOf(partner: string): string {
  return `${partner}#held`;
}

function cacheKeyOf(key: Item): string {
  return key["pk"]?.S ?? "";
}
