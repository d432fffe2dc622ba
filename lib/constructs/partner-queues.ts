import { Duration } from "aws-cdk-lib";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { Lane } from "../engine/job.ts";
import { deadLetterQueueNameFor, laneQueueNameFor } from "../engine/names.ts";
import type { Stage } from "./stage.ts";

/** A job that keeps crashing its function is set aside after so many receives; give-ups do not wait for that. */
const receiveCountMax = 10;

/** SQS's own limit; bodies beyond it go by claim check. */
const messageBytesMax = 1_048_576;

/** Time-outs of the functions behind the queues; a message stays hidden for six of them, as AWS advises. */
export const consumerTimeoutSeconds = { webhooks: 30, imports: 60, deadLetters: 30 } as const;
const visibilityPerTimeout = 6;

/** A partner's lanes and the one queue for what they give up. */
export class PartnerQueues extends Construct {
  readonly deadLetters: sqs.Queue;
  readonly lanes: Readonly<Record<Lane, sqs.Queue>>;

  constructor(scope: Construct, id: string, stage: Stage, partner: string) {
    super(scope, id);
    this.deadLetters = new sqs.Queue(this, "DeadLetters", {
      queueName: deadLetterQueueNameFor(stage.name, partner),
      retentionPeriod: Duration.days(14),
      maxMessageSizeBytes: messageBytesMax,
      visibilityTimeout: Duration.seconds(consumerTimeoutSeconds.deadLetters * visibilityPerTimeout),
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    this.lanes = {
      webhooks: this.makeLane(stage, partner, "webhooks"),
      imports: this.makeLane(stage, partner, "imports"),
    };
  }

  private makeLane(stage: Stage, partner: string, lane: Lane): sqs.Queue {
    return new sqs.Queue(this, lane, {
      queueName: laneQueueNameFor(stage.name, partner, lane),
      retentionPeriod: Duration.days(7),
      maxMessageSizeBytes: messageBytesMax,
      visibilityTimeout: Duration.seconds(consumerTimeoutSeconds[lane] * visibilityPerTimeout),
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: receiveCountMax },
    });
  }
}
