import { pause, type Clock } from "../clock.ts";
import type { LocalLog } from "../log.ts";
import type { FunctionModel, InvocationResult, MappingModel } from "../types.ts";
import { createBatchCollector } from "./batch-collector.ts";
import { readBatchResponse } from "./batch-response.ts";
import type { LocalFunctionHost } from "./function-host.ts";
import type { MappingPoller } from "./mapping-poller.ts";
import { createPollLoop, type PollTurn } from "./poll-loop.ts";
import type { QueueRecord } from "./queue-event.ts";
import type { SourceQueue } from "./source-queue.ts";
import { createUnfinished } from "./unfinished.ts";

export interface QueuePollerOptions {
  readonly mapping: MappingModel;
  readonly target: FunctionModel;
  readonly queue: SourceQueue;
  readonly visibilitySeconds: number;
  readonly host: Pick<LocalFunctionHost, "invoke">;
  readonly clock: Clock;
  readonly onLog: LocalLog;
  /** Longest wait of one poll, whole seconds: also how long disabling and stopping an idle mapping take. Default 2. */
  readonly pollWaitSeconds?: number | undefined;
}

const throttledPauseMs = 500;

/**
 * Feeds a queue's messages to a function with Lambda's semantics: what succeeded is deleted, what failed is left to its
 * visibility timeout and the queue's redrive policy.
 *
 * There is one long poll at a time and it is never aborted: the local SQS lets further pollers go empty-handed and hands
 * the next message to one that has hung up.
 */
export function createQueuePoller(options: QueuePollerOptions): MappingPoller {
  const { mapping, target, queue, host, clock, onLog } = options;
  const batches = createUnfinished(clock);
  const concurrencyMax = mapping.maximumConcurrency ?? Number.POSITIVE_INFINITY;
  // A message that waits longer for a place than it stays invisible would be handled twice.
  const waitMsMax = Math.max(options.visibilitySeconds - target.timeoutSeconds, options.visibilitySeconds / 2) * 1000;
  const collect = createBatchCollector({
    batchSize: mapping.batchSize,
    windowSeconds: mapping.batchingWindowSeconds,
    pollWaitSeconds: options.pollWaitSeconds ?? 2,
    receive: (countMax, waitSeconds) => queue.receive(countMax, waitSeconds),
    clock,
  });
  const warn = (text: string): void => onLog({ level: "warn", source: `mapping ${mapping.id}`, text });
  let onBatchEnd: () => void = () => undefined;

  async function round({ signal }: PollTurn): Promise<void> {
    if (batches.count() >= concurrencyMax) {
      await new Promise<void>((resolve) => {
        onBatchEnd = resolve;
      });
      return;
    }
    const records = await collect();
    if (records.length === 0 || signal.aborted) return;
    const outcome = await handOver(records);
    if (outcome === "throttled") await pause(clock, throttledPauseMs, signal);
  }

  /** Resolves when the batch has its place, so that no further message leaves the queue while one waits for a process. */
  function handOver(records: readonly QueueRecord[]): Promise<"admitted" | "throttled"> {
    return new Promise((resolve) => {
      batches
        .during(async () => {
          const onAdmitted = (): void => resolve("admitted");
          const invocation = { ...tracing(records), background: true, waitMsMax, onAdmitted };
          const result = await host.invoke(target.name, { Records: records }, invocation);
          if (result.kind === "throttled") resolve("throttled");
          const succeeded = successes(mapping, result, records, warn);
          if (succeeded.length > 0) await queue.delete(succeeded);
        })
        .catch((error: unknown) => warn(`a batch of ${records.length} was not finished: ${String(error)}`))
        .finally(() => {
          resolve("admitted");
          onBatchEnd();
        });
    });
  }

  const settled = (): Promise<boolean> => batches.none(Number.POSITIVE_INFINITY);
  return createPollLoop({ mappingId: mapping.id, enabled: mapping.enabled, clock, onLog, round, settled });
}

/** The messages that may be deleted. */
function successes(
  mapping: MappingModel,
  result: InvocationResult,
  records: readonly QueueRecord[],
  warn: (text: string) => void,
): readonly QueueRecord[] {
  if (result.kind !== "returned") return [];
  if (!mapping.reportBatchItemFailures) return records;
  const verdict = readBatchResponse(result.payload, new Set(records.map((record) => record.messageId)));
  if (verdict.kind === "failed") return records.filter((record) => !verdict.identifiers.has(record.messageId));
  warn(`all ${records.length} messages count as failed: ${verdict.reason}`);
  return [];
}

/** A batch of one goes on in its message's trace. */
function tracing(records: readonly QueueRecord[]): { traceHeader?: string } {
  const traceHeader = records.length === 1 ? records[0]?.attributes["AWSTraceHeader"] : undefined;
  return traceHeader === undefined ? {} : { traceHeader };
}
