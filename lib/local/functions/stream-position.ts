import { join } from "node:path";
import * as z from "zod";
import { openDurableJson, type DurableJson } from "../durable-json.ts";

/** How far a mapping has come in its stream; the sequence number of the last record that is done with. */
export interface StreamPosition {
  readonly afterSequence: string | null;
}

const schema = z.object({ afterSequence: z.string().nullable() });

export function openStreamPosition(dataDir: string, mappingId: string): DurableJson<StreamPosition> {
  const path = join(dataDir, "stream-positions", `${encodeURIComponent(mappingId)}.json`);
  return openDurableJson<StreamPosition>(path, schema, { afterSequence: null });
}
