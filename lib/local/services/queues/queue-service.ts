import { AwsError } from "../../front-door/aws-error.ts";
import type { ServiceCall, ServiceHandler } from "../../front-door/door-request.ts";
import { isRecord, textOf, understandJsonTarget, unknownOperation } from "../../front-door/json-target.ts";
import type { Fauxqs, FauxqsAction, FauxqsQueue } from "./fauxqs.ts";
import { createMessageExtras, type MessageExtrasKeeper } from "./message-extras.ts";
import { moveMessages } from "./message-move.ts";
import { queueNameOf, queueRequirements } from "./queue-requirements.ts";
import { createQueueSignals, type QueueSignals } from "./queue-signals.ts";

type Json = Readonly<Record<string, unknown>>;

// A message of 1 MiB whose every character is escaped in JSON takes six times as much.
const bodyBytesMax = 8 * 1024 * 1024;

const actionNames = [
  "changeMessageVisibility",
  "changeMessageVisibilityBatch",
  "createQueue",
  "deleteMessage",
  "deleteMessageBatch",
  "deleteQueue",
  "getQueueAttributes",
  "getQueueUrl",
  "listQueues",
  "listQueueTags",
  "purgeQueue",
  "receiveMessage",
  "sendMessage",
  "sendMessageBatch",
  "setQueueAttributes",
  "tagQueue",
  "untagQueue",
] as const;

interface Parts {
  readonly fauxqs: Fauxqs;
  readonly actions: ReadonlyMap<string, FauxqsAction>;
  readonly extras: MessageExtrasKeeper;
  readonly signals: QueueSignals;
}

export interface QueueService extends ServiceHandler {
  /** Watches a queue that was made without CreateQueue. */
  attach(queue: FauxqsQueue): void;
}

/** SQS on fauxqs, with what fauxqs lacks: long polls that neither lose nor swallow messages, moves, delays checked. */
export async function createQueueService(fauxqs: Fauxqs, account: string, region: string): Promise<QueueService> {
  const loaded = await Promise.all(actionNames.map(async (name) => [name, await fauxqs.action(name)] as const));
  const signals = createQueueSignals();
  const extras = createMessageExtras((queue) => signals.notify(queue.name));
  const parts: Parts = { fauxqs, actions: new Map(loaded), extras, signals };
  for (const queue of fauxqs.queues.allQueues()) extras.attach(queue);
  return {
    bodyBytesMax,
    attach: (queue) => extras.attach(queue),
    understand: understandJsonTarget,
    requirements: (call) => queueRequirements(call, fauxqs.queues, account, region),
    answer: async (call) => ({ kind: "json", output: await answer(parts, call) }),
  };
}

async function answer(parts: Parts, call: ServiceCall): Promise<Json> {
  switch (call.operation) {
    case "ReceiveMessage":
      return receive(parts, call);
    case "SendMessage":
      checkDelay(call.input["DelaySeconds"]);
      return parts.extras.whileSending(call, () => act(parts, call));
    case "SendMessageBatch":
      return sendBatch(parts, call);
    case "StartMessageMoveTask":
      return moveMessages(parts.fauxqs, call.input);
    case "ListMessageMoveTasks":
      // Moves are over before their call is answered.
      return { Results: [] };
    case "CreateQueue":
      return createQueue(parts, call);
    case "GetQueueAttributes":
      // Or messages that have become due would still be counted as delayed or in flight.
      parts.fauxqs.queues.getQueue(textOf(call.input["QueueUrl"]))?.processTimers();
      return act(parts, call);
    case "GetQueueUrl":
    case "ListQueues":
      return withOwnUrls(await act(parts, call), call);
    case "ChangeMessageVisibility":
    case "ChangeMessageVisibilityBatch": {
      const output = await act(parts, call);
      parts.signals.notify(queueNameOf(String(call.input["QueueUrl"])));
      return output;
    }
    default:
      return act(parts, call);
  }
}

/**
 * Runs fauxqs's own action; several rows change together or not at all. All of the work is done when the action returns: an
 * action that answers a promise would only wait for a long poll, and none gets that far.
 */
async function act(parts: Parts, call: ServiceCall, input: Json = call.input): Promise<Json> {
  const { fauxqs } = parts;
  const name = call.operation.charAt(0).toLowerCase() + call.operation.slice(1);
  const action = parts.actions.get(name);
  if (action === undefined) throw unknownOperation(`SQS ${call.operation}`);
  let pending: unknown;
  try {
    fauxqs.persistence.transaction(() => {
      pending = action(input, fauxqs.queues, { headers: call.request.headers });
    });
    const output = await pending;
    return isRecord(output) ? output : {};
  } catch (error) {
    throw asAwsError(error);
  }
}

/** fauxqs's errors carry SQS's code; anything else is a fault of its own. */
function asAwsError(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || !("statusCode" in error)) return error;
  return new AwsError(String(error.code), error.message, Number(error.statusCode));
}

const delaySecondsMax = 900;

/** fauxqs takes any delay; SQS refuses one over fifteen minutes, and a job that counts on more must fail here. */
function checkDelay(delaySeconds: unknown): void {
  const isValid = delaySeconds === undefined || delaySeconds === null || isDelay(delaySeconds);
  if (isValid) return;
  throw new AwsError(
    "InvalidParameterValue",
    `Value ${JSON.stringify(delaySeconds)} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= ${delaySecondsMax}.`,
  );
}

function isDelay(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= delaySecondsMax;
}

/** In a batch a bad delay fails its entry alone. */
async function sendBatch(parts: Parts, call: ServiceCall): Promise<Json> {
  const entries = Array.isArray(call.input["Entries"]) ? call.input["Entries"].filter(isRecord) : [];
  const isBad = (entry: Json): boolean => entry["DelaySeconds"] !== undefined && !isDelay(entry["DelaySeconds"]);
  const refused = entries.filter(isBad).map((entry) => ({
    Id: entry["Id"],
    SenderFault: true,
    Code: "InvalidParameterValue",
    Message: `Value ${String(entry["DelaySeconds"])} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= ${delaySecondsMax}.`,
  }));
  if (refused.length === 0) return parts.extras.whileSending(call, () => act(parts, call));
  const good = { ...call.input, Entries: entries.filter((entry) => !isBad(entry)) };
  if (good.Entries.length === 0) return { Successful: [], Failed: refused };
  const output = await parts.extras.whileSending({ ...call, input: good }, () => act(parts, call, good));
  return {
    ...output,
    Failed: [...(Array.isArray(output["Failed"]) ? output["Failed"].filter(isRecord) : []), ...refused],
  };
}

/**
 * Long polls are held here rather than in fauxqs, where of several pollers the losers come back empty and a poller that has
 * gone still takes a message with it.
 */
async function receive(parts: Parts, call: ServiceCall): Promise<Json> {
  const { fauxqs, signals, extras } = parts;
  const queue = fauxqs.queues.getQueue(textOf(call.input["QueueUrl"]));
  const waitSeconds = Number(call.input["WaitTimeSeconds"] ?? queue?.attributes["ReceiveMessageWaitTimeSeconds"] ?? 0);
  if (!(waitSeconds >= 0 && waitSeconds <= 20)) {
    throw new AwsError(
      "InvalidParameterValue",
      `Value ${waitSeconds} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.`,
    );
  }
  const untilMs = Date.now() + waitSeconds * 1000;
  const input = { ...call.input, WaitTimeSeconds: 0 };
  while (!call.signal.aborted) {
    const output = await act(parts, call, input);
    const leftMs = untilMs - Date.now();
    if (queue === undefined || output["Messages"] !== undefined || leftMs <= 0) {
      return queue === undefined ? output : extras.complete(queue, call.input, output);
    }
    await signals.wait(queue.name, leftMs, call.signal);
  }
  return {};
}

async function createQueue(parts: Parts, call: ServiceCall): Promise<Json> {
  const name = String(call.input["QueueName"]);
  const isNew = parts.fauxqs.queues.getQueueByName(name) === undefined;
  const output = withOwnUrls(await act(parts, call), call);
  const queue = parts.fauxqs.queues.getQueueByName(name);
  if (isNew && queue !== undefined) parts.extras.attach(queue);
  return output;
}

/** Queue URLs carry the address the caller came by: a stored one may name the port of an earlier start. */
function withOwnUrls(output: Json, call: ServiceCall): Json {
  const own = (url: unknown): string => `http://${call.request.headers["host"]}${new URL(String(url)).pathname}`;
  if (output["QueueUrl"] !== undefined) return { ...output, QueueUrl: own(output["QueueUrl"]) };
  return Array.isArray(output["QueueUrls"]) ? { ...output, QueueUrls: output["QueueUrls"].map(own) } : output;
}
