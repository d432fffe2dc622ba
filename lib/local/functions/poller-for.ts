import { SendMessageCommand } from "@aws-sdk/client-sqs";
import type { Clock } from "../clock.ts";
import type { LocalLog } from "../log.ts";
import type { SqsClients } from "../sqs-clients.ts";
import type { FunctionModel, LocalServices, MappingModel, QueueModel, StackModel } from "../types.ts";
import type { LocalFunctionHost } from "./function-host.ts";
import type { MappingPoller } from "./mapping-poller.ts";
import { createQueuePoller } from "./queue-poller.ts";
import { openSourceQueue } from "./source-queue.ts";
import { createStreamPoller } from "./stream-poller.ts";
import { openStreamPosition } from "./stream-position.ts";

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html */
const visibilitySecondsDefault = 30;

/** What every poller of a stack is made of. */
export interface PollerParts {
  readonly model: StackModel;
  readonly services: Pick<LocalServices, "readStream">;
  readonly sqs: SqsClients;
  readonly host: Pick<LocalFunctionHost, "invoke" | "find">;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly onLog: LocalLog;
}

/** A poller that works with the rights of the function's role, as Lambda does. */
export function pollerFor(mapping: MappingModel, options: PollerParts): Promise<MappingPoller> {
  const target = options.host.find(mapping.functionName);
  return mapping.source.kind === "queue"
    ? forQueue(mapping, mapping.source.queueName, target, options)
    : forStream(mapping, mapping.source.tableName, target, options);
}

async function forQueue(
  mapping: MappingModel,
  queueName: string,
  target: FunctionModel,
  options: PollerParts,
): Promise<MappingPoller> {
  const { model, sqs, host, clock, onLog } = options;
  const queue = model.queues.find((candidate) => candidate.name === queueName);
  if (queue === undefined)
    throw new Error(`The mapping ${mapping.id} reads the queue ${queueName}, which the stack does not have.`);
  const visibilitySeconds = visibilityOf(queue, mapping, target);
  const client = sqs.forRole(target.roleArn);
  const source = openSourceQueue({
    client,
    queueUrl: await sqs.queueUrl(queueName),
    queueArn: queue.arn,
    region: model.region,
  });
  return createQueuePoller({ mapping, target, queue: source, visibilitySeconds, host, clock, onLog });
}

/** Lambda refuses such a mapping: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
function visibilityOf(queue: QueueModel, mapping: MappingModel, target: FunctionModel): number {
  const seconds = Number(queue.attributes["VisibilityTimeout"] ?? visibilitySecondsDefault);
  if (seconds >= target.timeoutSeconds) return seconds;
  throw new Error(
    `The mapping ${mapping.id} would be refused by Lambda: the queue ${queue.name} hides a message for ${seconds} s, less than the ${target.timeoutSeconds} s that ${target.name} may take.`,
  );
}

async function forStream(
  mapping: MappingModel,
  tableName: string,
  target: FunctionModel,
  options: PollerParts,
): Promise<MappingPoller> {
  const { model, services, sqs, host, clock, onLog } = options;
  const { failureQueueName } = mapping;
  const client = sqs.forRole(target.roleArn);
  const sendFailure = async (queueUrl: string, body: string): Promise<void> => {
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
  };
  const failureUrl = failureQueueName === null ? null : await sqs.queueUrl(failureQueueName);
  return createStreamPoller({
    mapping,
    target,
    region: model.region,
    read: (afterSequence, limit) => services.readStream(tableName, afterSequence, limit),
    position: openStreamPosition(options.dataDir, mapping.id),
    sendFailure: failureUrl === null ? null : (body) => sendFailure(failureUrl, body),
    host,
    clock,
    onLog,
  });
}
