import { pause, type Clock } from "../clock.ts";
import type { DurableJson } from "../durable-json.ts";
import type { LocalLog } from "../log.ts";
import type { FunctionModel, InvocationResult, MappingModel, StreamRecord } from "../types.ts";
import { readBatchResponse } from "./batch-response.ts";
import type { LocalFunctionHost } from "./function-host.ts";
import { requestBytesMax } from "./limits.ts";
import type { MappingPoller } from "./mapping-poller.ts";
import { createPollLoop, type PollTurn } from "./poll-loop.ts";
import { streamFailure } from "./stream-failure.ts";
import type { StreamPosition } from "./stream-position.ts";
import { createUnfinished } from "./unfinished.ts";

export interface StreamPollerOptions {
  readonly mapping: MappingModel;
  readonly target: FunctionModel;
  readonly region: string;
  readonly read: (afterSequence: string | null, limit: number) => Promise<readonly StreamRecord[]>;
  readonly position: DurableJson<StreamPosition>;
  /** Where batches go that failed for the last time; null drops them with a warning, as AWS does without the warning. */
  readonly sendFailure: ((body: string) => Promise<void>) | null;
  readonly host: Pick<LocalFunctionHost, "invoke">;
  readonly clock: Clock;
  readonly onLog: LocalLog;
}

/** Records in order, with the retries that they have cost. */
interface Batch {
  readonly records: readonly StreamRecord[];
  readonly retries: number;
}

/** Lambda looks four times a second: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html */
const lookEveryMs = 250;
const retryMsFirst = 100;
const retryMsMax = 30_000;
const recordsBytesMax = requestBytesMax - 1024;

/**
 * Feeds a table's stream to a function, one batch at a time and in order, at least once: the position moves only when
 * a batch was handled or given up.
 */
export function createStreamPoller(options: StreamPollerOptions): MappingPoller {
  const { mapping, position, clock } = options;
  const batches = createUnfinished(clock);
  const work = createBatchWork(options);

  async function round(turn: PollTurn): Promise<void> {
    const records = await gather(turn);
    if (records.length === 0) return pause(clock, lookEveryMs, turn.signal);
    if (!turn.goesOn()) return;
    await batches.during(() => work({ records, retries: 0 }, turn));
  }

  async function gather(turn: PollTurn): Promise<readonly StreamRecord[]> {
    const read = (): Promise<readonly StreamRecord[]> => options.read(position.read().afterSequence, mapping.batchSize);
    let records = await read();
    const windowEndsMs = clock.nowMs() + mapping.batchingWindowSeconds * 1000;
    while (records.length > 0 && records.length < mapping.batchSize && clock.nowMs() < windowEndsMs && turn.goesOn()) {
      await pause(clock, Math.min(lookEveryMs, windowEndsMs - clock.nowMs()), turn.signal);
      records = await read();
    }
    return fitting(records);
  }

  const settled = (): Promise<boolean> => batches.none(Number.POSITIVE_INFINITY);
  const { id: mappingId, enabled } = mapping;
  return createPollLoop({ mappingId, enabled, clock, onLog: options.onLog, round, settled });
}

/** Brings a batch to its end: handled, or given up to the failure destination. */
function createBatchWork(options: StreamPollerOptions): (batch: Batch, turn: PollTurn) => Promise<void> {
  const { mapping, target, region, host, clock } = options;

  function invoke(records: readonly StreamRecord[]): Promise<InvocationResult> {
    const Records = records.map((record) => ({ ...record, eventVersion: "1.1", awsRegion: region }));
    return host.invoke(target.name, { Records }, { background: true, waitMsMax: retryMsMax });
  }

  function checkpoint(records: readonly StreamRecord[]): void {
    const last = records.at(-1);
    if (last !== undefined) options.position.write({ afterSequence: last.dynamodb.SequenceNumber });
  }

  async function giveUp({ records, retries }: Batch, result: InvocationResult): Promise<void> {
    const failure = streamFailure({
      functionArn: target.arn,
      records,
      attempts: retries + 1,
      result,
      nowMs: clock.nowMs(),
    });
    await options.sendFailure?.(JSON.stringify(failure));
    const where =
      options.sendFailure === null
        ? "dropped, as the mapping names no failure destination"
        : "sent to the failure destination";
    options.onLog({
      level: "warn",
      source: `mapping ${mapping.id}`,
      text: `${records.length} stream records failed ${retries + 1} times and were ${where}`,
    });
    checkpoint(records);
  }

  /** What is left to do of a batch after an attempt, in order. */
  async function attempt(batch: Batch): Promise<readonly Batch[]> {
    const { records, retries } = batch;
    const result = await invoke(records);
    if (result.kind === "throttled") return [batch];
    const done = handledCount(mapping, result, records);
    checkpoint(records.slice(0, done));
    const left = records.slice(done);
    if (left.length === 0) return [];
    // A split costs no retry: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    if (mapping.bisectOnError && done === 0 && left.length > 1)
      return halves(left).map((half) => ({ records: half, retries }));
    if (mapping.maximumRetryAttempts === null || retries < mapping.maximumRetryAttempts)
      return [{ records: left, retries: retries + 1 }];
    await giveUp({ records: left, retries }, result);
    return [];
  }

  return async (whole, turn) => {
    let todo: readonly Batch[] = [whole];
    let waitMs = retryMsFirst;
    for (let next = todo[0]; next !== undefined && turn.goesOn(); next = todo[0]) {
      const left = await attempt(next);
      todo = [...left, ...todo.slice(1)];
      if (left.length === 0) waitMs = retryMsFirst;
      else {
        await pause(clock, waitMs, turn.signal);
        waitMs = Math.min(waitMs * 2, retryMsMax);
      }
    }
  };
}

/** How many records from the first on need not come again. */
function handledCount(mapping: MappingModel, result: InvocationResult, records: readonly StreamRecord[]): number {
  if (result.kind !== "returned") return 0;
  if (!mapping.reportBatchItemFailures) return records.length;
  const sequences = records.map((record) => record.dynamodb.SequenceNumber);
  const verdict = readBatchResponse(result.payload, new Set(sequences));
  if (verdict.kind === "allFailed") return 0;
  // Everything from the lowest failed record on comes again.
  const firstFailed = sequences.findIndex((sequence) => verdict.identifiers.has(sequence));
  return firstFailed < 0 ? records.length : firstFailed;
}

function halves<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}

function fitting(records: readonly StreamRecord[]): readonly StreamRecord[] {
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    bytes += Buffer.byteLength(JSON.stringify(record)) + 64;
    if (bytes > recordsBytesMax) return records.slice(0, Math.max(index, 1));
  }
  return records;
}
