import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { EventBridgeClient, PutEventsRequestEntry } from "@aws-sdk/client-eventbridge";
import { eventSource } from "../engine/change-event.ts";
import type { ChangeEvent } from "../engine/change-event.ts";
import { eventBusNameFor } from "../engine/names.ts";
import type { ChangeBus } from "../engine/ports.ts";

/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
const entriesMax = 10;
/** Of the 256 KB that a call may have, some left for names. */
const bytesMax = 240 * 1024;

/** The stage's own bus: an application's rule chooses by `source`, `detail-type` and any field of the detail. */
export function createChangeBus(stage: string, client: () => EventBridgeClient): ChangeBus {
  const busName = eventBusNameFor(stage);
  return {
    async publish(events) {
      for (const entries of inCalls(events.map((event) => entryOf(busName, event)))) {
        const { FailedEntryCount: failed = 0, Entries: results = [] } = await client().send(
          new PutEventsCommand({ Entries: [...entries] }),
        );
        if (failed === 0) continue;
        const codes = new Set(results.flatMap((result) => result.ErrorCode ?? []));
        throw new Error(`${busName}: ${failed} of ${entries.length} events were not taken (${[...codes].join(", ")})`);
      }
    },
  };
}

function entryOf(busName: string, event: ChangeEvent): PutEventsRequestEntry {
  return {
    EventBusName: busName,
    Source: eventSource,
    DetailType: event.type,
    Time: new Date(event.atMs),
    Detail: JSON.stringify({ id: event.id, ...event.detail }),
  };
}

/** As many to a call as it takes, in their order. */
function inCalls(entries: readonly PutEventsRequestEntry[]): readonly (readonly PutEventsRequestEntry[])[] {
  const calls: PutEventsRequestEntry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = Buffer.byteLength(JSON.stringify(entry));
    const current = calls.at(-1);
    if (current === undefined || current.length >= entriesMax || bytes + size > bytesMax) {
      calls.push([entry]);
      bytes = size;
    } else {
      current.push(entry);
      bytes += size;
    }
  }
  return calls;
}
