import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { pause, type Clock } from "./clock.ts";
import { openStreamPosition } from "./functions/stream-position.ts";
import type { SqsClients } from "./sqs-clients.ts";
import type { LocalServices, StackModel } from "./types.ts";

export interface IdleCheckOptions {
  readonly model: StackModel;
  readonly services: Pick<LocalServices, "readStream">;
  readonly sqs: SqsClients;
  readonly dataDir: string;
  /** Invocations, requests and firings under way. */
  readonly unfinished: () => number;
  /** Invocations begun so far. */
  readonly begun: () => number;
  readonly clock: Clock;
}

const lookEveryMs = 50;

/**
 * Waits until nothing is left to do: no invocation, request or firing under way, no message in any queue that a
 * function reads, waiting, delayed or in flight, no record in a stream that its function has not had.
 * @throws {Error} after `waitMsMax`, saying what there still is to do
 */
export async function waitUntilIdle(options: IdleCheckOptions, waitMsMax: number): Promise<void> {
  const endMs = options.clock.nowMs() + waitMsMax;
  for (;;) {
    const busy = await whatIsBusy(options);
    if (busy.length === 0) return;
    if (options.clock.nowMs() > endMs)
      throw new Error(`The local stack was not idle after ${waitMsMax} ms: ${busy.join("; ")}.`);
    await pause(options.clock, lookEveryMs);
  }
}

async function whatIsBusy(options: IdleCheckOptions): Promise<readonly string[]> {
  const begunBefore = options.begun();
  const waiting = [...(await busyQueues(options)), ...(await busyStreams(options))];
  const unfinished = options.unfinished();
  if (unfinished > 0) waiting.push(`${unfinished} invocations, requests or firings are under way`);
  // What began and ended while the queues were read may have filled one that was read before.
  if (options.begun() !== begunBefore) waiting.push("functions were invoked just now");
  return waiting;
}

async function busyQueues({ model, sqs }: IdleCheckOptions): Promise<readonly string[]> {
  const names = new Set(model.mappings.flatMap(({ source }) => (source.kind === "queue" ? [source.queueName] : [])));
  const counts = await Promise.all([...names].map(async (name) => [name, await countMessages(sqs, name)] as const));
  return counts.filter(([, count]) => count > 0).map(([name, count]) => `queue ${name} has ${count} messages`);
}

async function countMessages(sqs: SqsClients, queueName: string): Promise<number> {
  const names = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
  ] as const;
  const { Attributes = {} } = await sqs.operator.send(
    new GetQueueAttributesCommand({ QueueUrl: await sqs.queueUrl(queueName), AttributeNames: [...names] }),
  );
  return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}

async function busyStreams({ model, services, dataDir }: IdleCheckOptions): Promise<readonly string[]> {
  const busy: string[] = [];
  for (const { id, source } of model.mappings) {
    if (source.kind !== "stream") continue;
    const { afterSequence } = openStreamPosition(dataDir, id).read();
    const next = await services.readStream(source.tableName, afterSequence, 1);
    if (next.length > 0) busy.push(`the stream of ${source.tableName} has records that mapping ${id} has not handled`);
  }
  return busy;
}
