import { pause, systemClock } from "../clock.ts";
import { openStreamPosition } from "../functions/stream-position.ts";
import type { StackModel } from "../types.ts";
import type { Backends } from "./backends.ts";
import { leaveNoTrace } from "./state/document-store.ts";

/** Leaves nothing in the data folder but what the services would answer; as long as writing that down takes. */
export type Forget = () => Promise<void>;

export interface ForgettingParts {
  readonly model: StackModel;
  readonly backends: Pick<Backends, "tables" | "documents" | "fauxqs">;
  readonly dataDir: string;
  /** Whether anybody is bringing stream records to functions. */
  readonly isPolling: () => boolean;
  readonly log: (line: string) => void;
}

/** What was deleted is told by a stream a quarter of a second later, and then handled. */
const deliveryMsMax = 5_000;
const lookEveryMs = 50;

/**
 * Deleting leaves the old values in the files: LevelDB's and SQLite's until the space is used again, the streams' records for
 * 24 hours. AWS's customers never see such files; on a laptop they are a `grep` away.
 */
export function createForgetting(parts: ForgettingParts): Forget {
  const { tables, documents, fauxqs } = parts.backends;
  let underWay: Promise<void> = Promise.resolve();

  async function forgetNow(): Promise<void> {
    tables.journal.forget(await delivered(parts));
    documents.forgetRemoved();
    leaveNoTrace(fauxqs.persistence.db);
    await tables.dynalite.forgetOldValues();
  }

  return () => {
    const done = underWay.then(forgetNow);
    // One after the other.
    underWay = done.catch(() => undefined);
    return done;
  };
}

/** How far every stream is known to all of its readers, when what was written before is known to them or its time is up. */
async function delivered(parts: ForgettingParts): Promise<ReadonlyMap<string, number>> {
  const { model, backends, log } = parts;
  const { journal } = backends.tables;
  const sources = model.mappings.flatMap(({ source }) => (source.kind === "stream" ? [source.tableName] : []));
  const wanted = [...new Set(sources)].map((tableName) => ({ tableName, newest: journal.newest(tableName) ?? 0 }));
  const isBehind = ({ tableName, newest }: (typeof wanted)[number]): boolean => positionOf(parts, tableName) < newest;
  for (
    let waitedMs = 0;
    parts.isPolling() && waitedMs < deliveryMsMax && wanted.some(isBehind);
    waitedMs += lookEveryMs
  )
    await pause(systemClock, lookEveryMs);
  for (const { tableName } of parts.isPolling() ? wanted.filter(isBehind) : [])
    log(`the stream of ${tableName} has records that were not handled yet: they stay in its log until they are`);
  return new Map(wanted.map(({ tableName }) => [tableName, positionOf(parts, tableName)]));
}

function positionOf({ model, dataDir }: ForgettingParts, tableName: string): number {
  const positions = model.mappings.flatMap(({ id, source }) =>
    source.kind === "stream" && source.tableName === tableName
      ? [Number(openStreamPosition(dataDir, id).read().afterSequence ?? 0)]
      : [],
  );
  return Math.min(...positions);
}
