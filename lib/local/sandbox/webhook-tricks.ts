import * as z from "zod";
import type { Delivery, Reference, Trick } from "./journal-entry.ts";

/** How the webhooks of a change are to be sent; a share is exact: of 200 events a share of 0.1 is 20, evenly spread. */
export const WebhookOptions = z.strictObject({
  send: z.boolean().default(true),
  /** Sent twice, under the same event id. */
  duplicateShare: z.number().min(0).max(1).default(0),
  /** Held back for `reorderMs`, so that later ones overtake. */
  reorderShare: z.number().min(0).max(1).default(0),
  reorderMs: z.number().min(0).max(600_000).default(500),
  /** Accompanied by a forged twin. */
  forgeShare: z.number().min(0).max(1).default(0),
  forgeKinds: z
    .array(z.enum(["bad-signature", "changed-byte", "stale-timestamp", "unsigned"]))
    .min(1)
    .default(["bad-signature", "changed-byte", "stale-timestamp", "unsigned"]),
  /** Leaves the honest delivery of a forged event out. */
  forgedOnly: z.boolean().default(false),
});
export type WebhookOptions = z.infer<typeof WebhookOptions>;

/** Phases that keep late, doubled and forged from always falling on the same events. */
const REORDER_PHASE = 0.37;
const FORGE_PHASE = 0.71;

/** An event on its way to one endpoint, before it is decided how it is sent. */
export interface OutgoingEvent {
  readonly account: string;
  readonly endpoint: string;
  readonly url: string;
  readonly eventId: string;
  readonly object: Reference;
  readonly body: string;
}

/** The deliveries of the `index`-th event (from 0) of a change: honest, late, doubled, forged. */
export function planDeliveries(
  event: OutgoingEvent,
  index: number,
  options: WebhookOptions,
  nowMs: number,
): readonly Delivery[] {
  if (!options.send) return [];
  const make = (trick: Trick, dueAtMs: number): Delivery => ({
    ...event,
    id: `${event.eventId}/${event.endpoint}/${trick}`,
    trick,
    dueAtMs,
  });
  const forged = fallsOn(index, options.forgeShare, FORGE_PHASE);
  const deliveries: Delivery[] = [];
  if (forged) deliveries.push(make(forgeKindAt(index, options), nowMs));
  if (forged && options.forgedOnly) return deliveries;
  const late = fallsOn(index, options.reorderShare, REORDER_PHASE);
  deliveries.push(make(late ? "reorder" : "none", late ? nowMs + options.reorderMs : nowMs));
  if (fallsOn(index, options.duplicateShare, 0)) deliveries.push(make("duplicate", nowMs));
  return deliveries;
}

export function isForged(trick: Trick): boolean {
  return trick === "bad-signature" || trick === "changed-byte" || trick === "stale-timestamp" || trick === "unsigned";
}

/** The same text with one letter or digit replaced inside `within`, which must occur in it: still JSON, no longer what was signed. */
export function changeOneByte(text: string, within: string): string {
  const place = text.indexOf(within) + within.length - 1;
  return `${text.slice(0, place)}${text[place] === "0" ? "1" : "0"}${text.slice(place + 1)}`;
}

/** True for exactly `share` of the indexes, evenly spread, from a place that the phase (0 to 1) shifts. */
function fallsOn(index: number, share: number, phase: number): boolean {
  return turnOf(index + 1, share, phase) > turnOf(index, share, phase);
}

function turnOf(index: number, share: number, phase: number): number {
  // The addend keeps 10 × 0.1 from being a little less than 1.
  return Math.floor(index * share + phase + 1e-9);
}

/** The forgeries take turns. */
function forgeKindAt(index: number, options: WebhookOptions): Trick {
  const turn = turnOf(index, options.forgeShare, FORGE_PHASE) % options.forgeKinds.length;
  return options.forgeKinds[turn] ?? "bad-signature";
}
