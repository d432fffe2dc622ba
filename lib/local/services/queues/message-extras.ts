import { isRecord } from "../../front-door/json-target.ts";
import type { ServiceCall } from "../../front-door/door-request.ts";
import type { FauxqsQueue, MessageExtras } from "./fauxqs.ts";

type Json = Readonly<Record<string, unknown>>;

/**
 * System attributes that fauxqs drops: who sent a message, its trace header, its group on a standard queue, and the queue it
 * was redriven from. They are put on the message while fauxqs enqueues it, which happens within the call of its action.
 */
export interface MessageExtrasKeeper {
  /** Watches a queue from now on. */
  attach(queue: FauxqsQueue): void;
  /** Runs a sending action, whose messages get the call's extras. */
  whileSending<Result>(call: ServiceCall, send: () => Result): Result;
  /** Adds the extras that the receiver asked for. */
  complete(queue: FauxqsQueue, input: Json, output: Json): Json;
}

export function createMessageExtras(onEnqueue: (queue: FauxqsQueue) => void): MessageExtrasKeeper {
  let sending: { body: unknown; extras: MessageExtras }[] = [];
  let redrivingFrom: string | null = null;

  return {
    attach(queue) {
      const enqueue = queue.enqueue.bind(queue);
      const dequeue = queue.dequeue.bind(queue);
      queue.enqueue = (message) => {
        if (redrivingFrom !== null) {
          message.extras = { ...message.extras, deadLetterQueueSourceArn: redrivingFrom };
        } else {
          const index = sending.findIndex((entry) => entry.body === message.body);
          const extras = sending.splice(index, index < 0 ? 0 : 1)[0]?.extras;
          if (extras !== undefined) message.extras = extras;
        }
        enqueue(message);
        onEnqueue(queue);
      };
      queue.dequeue = (...args) => {
        redrivingFrom = queue.arn;
        try {
          return dequeue(...args);
        } finally {
          redrivingFrom = null;
        }
      };
    },
    whileSending(call, send) {
      const entries = Array.isArray(call.input["Entries"]) ? call.input["Entries"].filter(isRecord) : [call.input];
      sending = entries.map((entry) => ({ body: entry["MessageBody"], extras: extrasOf(call, entry) }));
      try {
        return send();
      } finally {
        sending = [];
      }
    },
    complete(queue, input, output) {
      const messages = Array.isArray(output["Messages"]) ? output["Messages"].filter(isRecord) : [];
      if (messages.length === 0) return output;
      return { ...output, Messages: messages.map((message) => withExtras(queue, input, message)) };
    },
  };
}

function extrasOf(call: ServiceCall, entry: Json): MessageExtras {
  const systemAttributes = isRecord(entry["MessageSystemAttributes"]) ? entry["MessageSystemAttributes"] : {};
  const trace = isRecord(systemAttributes["AWSTraceHeader"]) ? systemAttributes["AWSTraceHeader"]["StringValue"] : null;
  const group = entry["MessageGroupId"];
  return {
    senderId: call.caller.kind === "role" ? `AROALOCAL:${call.caller.roleName}` : "AIDALOCALOPERATOR",
    ...(typeof trace === "string" ? { traceHeader: trace } : {}),
    ...(typeof group === "string" ? { messageGroupId: group } : {}),
  };
}

function withExtras(queue: FauxqsQueue, input: Json, message: Json): Json {
  const extras = queue.inflightMessages.get(String(message["ReceiptHandle"]))?.message.extras;
  if (extras === undefined) return message;
  const asked = [...namesIn(input["AttributeNames"]), ...namesIn(input["MessageSystemAttributeNames"])];
  const all: Readonly<Record<string, string | undefined>> = {
    SenderId: extras.senderId,
    AWSTraceHeader: extras.traceHeader,
    MessageGroupId: extras.messageGroupId,
    DeadLetterQueueSourceArn: extras.deadLetterQueueSourceArn,
  };
  const wanted = Object.entries(all).filter(
    ([name, value]) => value !== undefined && (asked.includes("All") || asked.includes(name)),
  );
  if (wanted.length === 0) return message;
  const attributes = isRecord(message["Attributes"]) ? message["Attributes"] : {};
  return { ...message, Attributes: { ...attributes, ...Object.fromEntries(wanted) } };
}

function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
