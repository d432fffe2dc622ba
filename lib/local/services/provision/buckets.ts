import type { StackModel } from "../../types.ts";
import type { Fauxqs } from "../queues/fauxqs.ts";

/** Makes the buckets and topics that are missing; those that are there stay as they are. */
export function provisionBuckets(fauxqs: Fauxqs, model: StackModel): void {
  for (const { name } of model.buckets) {
    if (!fauxqs.buckets.hasBucket(name)) fauxqs.buckets.createBucket(name);
  }
  for (const { name } of model.topics ?? []) fauxqs.topics.createTopic(name, undefined, undefined, model.region);
}
