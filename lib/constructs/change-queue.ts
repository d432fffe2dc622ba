import { Duration } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import * as targets from "aws-cdk-lib/aws-events-targets";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { ChangeEvent } from "../engine/change-event.ts";
import { eventSource } from "../engine/change-event.ts";
import { eventBusNameFor } from "../engine/names.ts";

export interface ChangeQueueProps {
  /** The stage whose changes are wanted: `dev`, `prod`. */
  readonly stage: string;
  /** All when absent. */
  readonly types?: readonly ChangeEvent["type"][];
  /** Of records: the resources wanted, such as `charges`; all when absent. */
  readonly resources?: readonly string[];
}

/**
 * A queue of an application's own that gets what changed. Keep the ids that were worked, as an event may come twice; and of
 * one record, take only a version that is greater than the one you have.
 *
 * @example
 * const { queue } = new ChangeQueue(stack, "Changes", { stage: "dev", types: ["record.created", "record.updated"] });
 */
export class ChangeQueue extends Construct {
  readonly queue: sqs.Queue;

  constructor(scope: Construct, id: string, props: ChangeQueueProps) {
    super(scope, id);
    const shared = { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true } as const;
    const deadLetters = new sqs.Queue(this, "DeadLetters", { ...shared, retentionPeriod: Duration.days(14) });
    this.queue = new sqs.Queue(this, "Queue", {
      ...shared,
      retentionPeriod: Duration.days(7),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: 10 },
    });
    new events.Rule(this, "Rule", {
      eventBus: events.EventBus.fromEventBusName(this, "Bus", eventBusNameFor(props.stage)),
      eventPattern: {
        source: [eventSource],
        ...(props.types !== undefined && { detailType: [...props.types] }),
        ...(props.resources !== undefined && { detail: { resource: [...props.resources] } }),
      },
      targets: [new targets.SqsQueue(this.queue)],
    });
  }
}
