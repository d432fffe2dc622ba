import { Stack } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { PartnerDriver } from "../engine/define-partner.ts";
import type { Lane } from "../engine/job.ts";
import { consumerConcurrencyFor } from "./consumer-concurrency.ts";
import { controlGrants } from "./control-grants.ts";
import { archiveGrants, consumerGrants, emergencyGrants, fanOutGrants } from "./partner-grants.ts";
import { consumerTimeoutSeconds, type PartnerQueues } from "./partner-queues.ts";
import { SluiceFunction } from "./sluice-function.ts";
import type { Stage } from "./stage.ts";

const webhookBatch = 10;

/** The functions of one partner, and the mappings that feed them. */
export class PartnerFunctions extends Construct {
  readonly fanOut: lambda.Function;
  readonly archive: lambda.Function;
  readonly control: lambda.Function;

  constructor(scope: Construct, id: string, stage: Stage, driver: PartnerDriver, queues: PartnerQueues) {
    super(scope, id);
    const partner = driver.name;
    const consumer = { stage, partner, lambda: "job-consume", memoryMb: 512, allowRecursion: true };
    const webhooks = new SluiceFunction(this, "ConsumeWebhooks", {
      ...consumer,
      name: "consume-webhooks",
      timeoutSeconds: consumerTimeoutSeconds.webhooks,
      grants: consumerGrants(this, stage, driver, "webhooks"),
    });
    const imports = new SluiceFunction(this, "ConsumeImports", {
      ...consumer,
      name: "consume-imports",
      timeoutSeconds: consumerTimeoutSeconds.imports,
      grants: consumerGrants(this, stage, driver, "imports"),
    });
    const fanOut = new SluiceFunction(this, "ImportFanOut", {
      stage,
      partner,
      name: "import-fan-out",
      lambda: "import-fan-out",
      timeoutSeconds: 60,
      memoryMb: 256,
      grants: fanOutGrants(this, stage, partner),
    });
    const archive = new SluiceFunction(this, "FailureArchive", {
      stage,
      partner,
      name: "failure-archive",
      lambda: "failure-archive",
      timeoutSeconds: consumerTimeoutSeconds.deadLetters,
      memoryMb: 256,
      grants: archiveGrants(this, stage, partner),
    });
    // Nothing feeds it: an operator runs it by way of the API, which waits 29 seconds for an answer.
    new SluiceFunction(this, "Emergency", {
      ...consumer,
      name: "emergency-work",
      lambda: "emergency-consume",
      timeoutSeconds: 25,
      grants: emergencyGrants(this, stage, driver),
    });
    // One message a batch where runs are pushed: a time-out counts against everything in its batch.
    const mappings = {
      webhooks: feed(webhooks, queues.lanes.webhooks, {
        batchSize: webhookBatch,
        maxConcurrency: consumerConcurrencyFor(driver, webhookBatch),
      }),
      imports: feed(imports, queues.lanes.imports, { batchSize: 1, maxConcurrency: 5 }),
    };
    feed(archive, queues.deadLetters, { batchSize: 10, maxConcurrency: 2 });
    const control = new SluiceFunction(this, "PartnerControl", {
      stage,
      partner,
      name: "partner-control",
      lambda: "partner-control",
      timeoutSeconds: 50,
      memoryMb: 256,
      grants: controlGrants(this, stage, driver, Object.values(mappings)),
      environment: { SLUICE_MAPPINGS: idsOf(this, mappings) },
    });
    this.control = control.function;
    this.fanOut = fanOut.function;
    this.archive = archive.function;
  }
}

/** Lambda makes the ids up: the function is told them as JSON, by lane. */
function idsOf(scope: Construct, mappings: Readonly<Record<Lane, lambda.EventSourceMapping>>): string {
  const ids = Object.entries(mappings).map(([lane, mapping]) => [lane, mapping.eventSourceMappingId]);
  return Stack.of(scope).toJsonString(Object.fromEntries(ids));
}

function feed(
  consumer: SluiceFunction,
  queue: sqs.Queue,
  limits: { readonly batchSize: number; readonly maxConcurrency: number },
): lambda.EventSourceMapping {
  return new lambda.EventSourceMapping(consumer, "Mapping", {
    target: consumer.function,
    eventSourceArn: queue.queueArn,
    reportBatchItemFailures: true,
    ...limits,
  });
}
