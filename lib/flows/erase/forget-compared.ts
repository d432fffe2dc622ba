import { comparisonName, readComparison } from "../../engine/comparison.ts";
import type { Ports } from "../../engine/ports.ts";
import type { RecordScope } from "../../engine/record.ts";

const triesMax = 4;

/** Takes the ids of erased things out of what is remembered of the resource's last comparison with the partner. */
export async function forgetCompared(
  ports: Pick<Ports, "connections">,
  { partner, connectionId, resource }: RecordScope,
  externalIds: readonly string[],
): Promise<void> {
  const erased = new Set(externalIds);
  for (let attempt = 0; attempt < triesMax; attempt++) {
    const note = await ports.connections.readNote(partner, connectionId, comparisonName(resource));
    const comparison = note === null ? null : readComparison(note.body);
    if (note === null || !(comparison?.things ?? []).some(({ externalId }) => erased.has(externalId))) return;
    const things = (comparison?.things ?? []).filter(({ externalId }) => !erased.has(externalId));
    const next = { ...note, revision: note.revision + 1, body: { ...comparison, things } };
    if ((await ports.connections.writeNote(next)) === "stored") return;
  }
  throw new Error(`The comparison of ${resource} is being worked at: ask again in a moment.`);
}
