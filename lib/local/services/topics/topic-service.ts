import type { Requirement, ServiceCall, ServiceHandler } from "../../front-door/door-request.ts";
import { unknownOperation } from "../../front-door/json-target.ts";
import { forward } from "../buckets/bucket-service.ts";
import type { FauxqsApp } from "../queues/fauxqs.ts";

const bodyBytesMax = 1024 * 1024;

/** SNS on fauxqs, as far as publishing goes: nobody outside the machine is told anything. */
export function createTopicService(app: FauxqsApp): ServiceHandler {
  return {
    bodyBytesMax,
    understand(request) {
      const input = Object.fromEntries(new URLSearchParams(request.body.toString("utf8")));
      return { operation: input["Action"] ?? "", input };
    },
    requirements,
    answer: async (call) => ({ kind: "raw", response: await forward(app, call.request) }),
  };
}

const onTopics = ["Publish", "PublishBatch", "GetTopicAttributes", "CreateTopic", "ListSubscriptionsByTopic"];

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html */
function requirements(call: ServiceCall): Requirement[] {
  if (!onTopics.includes(call.operation)) throw unknownOperation(`SNS ${call.operation}`);
  const action = call.operation === "PublishBatch" ? "Publish" : call.operation;
  return [{ action: `sns:${action}`, resource: String(call.input["TopicArn"] ?? call.input["Name"]), context: {} }];
}
