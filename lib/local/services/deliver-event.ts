import type { ServiceCall } from "../front-door/door-request.ts";
import type { FunctionHost } from "../types.ts";
import type { QueueService } from "./queues/queue-service.ts";

/** Brings an event to a rule's target: a queue has it when this resolves, a function has been asked to take it. */
export async function deliverEvent(
  queues: QueueService,
  functions: Pick<FunctionHost, "invoke"> | null,
  targetArn: string,
  payload: string,
): Promise<void> {
  const name = targetArn.slice(targetArn.lastIndexOf(":") + 1);
  if (targetArn.startsWith("arn:aws:sqs:")) {
    await queues.answer(sendCall(name, payload));
    return;
  }
  if (functions === null) throw new Error("functions are not running");
  void functions.invoke(name, JSON.parse(payload));
}

/** The same way in as for everybody else's messages. */
function sendCall(queueName: string, payload: string): ServiceCall {
  return {
    service: "sqs",
    operation: "SendMessage",
    input: { QueueUrl: `http://127.0.0.1/${queueName}`, MessageBody: payload },
    request: { method: "POST", path: "/", query: "", headers: {}, body: Buffer.alloc(0) },
    caller: { kind: "operator" },
    signal: AbortSignal.any([]),
  };
}
