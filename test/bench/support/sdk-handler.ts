// What a webhook function usually is: the SDK's client, middy and Powertools around one SendMessage. Bundled for comparison.
import { createHmac, timingSafeEqual } from "node:crypto";
import process from "node:process";
import { makeHandlerIdempotent } from "@aws-lambda-powertools/idempotency/middleware";
import { BasePersistenceLayer } from "@aws-lambda-powertools/idempotency/persistence";
import type { IdempotencyRecord } from "@aws-lambda-powertools/idempotency/persistence";
import { Logger } from "@aws-lambda-powertools/logger";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { logMetrics } from "@aws-lambda-powertools/metrics/middleware";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import wrap from "@middy/core";
import type { APIGatewayProxyEventV2 } from "aws-lambda";

const logger = new Logger();
const metrics = new Metrics();
const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });

/** In memory, so that the comparison is not made easier for us by the weight of a DynamoDB client. */
class MemoryPersistence extends BasePersistenceLayer {
  readonly #records = new Map<string, IdempotencyRecord>();

  protected async _putRecord(record: IdempotencyRecord): Promise<void> {
    this.#records.set(record.idempotencyKey, record);
  }
  protected async _updateRecord(record: IdempotencyRecord): Promise<void> {
    this.#records.set(record.idempotencyKey, record);
  }
  protected async _deleteRecord(record: IdempotencyRecord): Promise<void> {
    this.#records.delete(record.idempotencyKey);
  }
  protected async _getRecord(key: string): Promise<IdempotencyRecord> {
    const record = this.#records.get(key);
    if (record === undefined) throw new Error("no such record");
    return record;
  }
}

async function take(event: APIGatewayProxyEventV2): Promise<{ statusCode: number; body: string }> {
  const body = event.body ?? "";
  const [, timestamp = "", given = ""] =
    /^t=(\d+),v1=([0-9a-f]{64})/.exec(event.headers["stripe-signature"] ?? "") ?? [];
  const expected = createHmac("sha256", "whsec_bench_secret").update(`${timestamp}.${body}`).digest();
  const signature = Buffer.from(given, "hex");
  if (signature.byteLength !== expected.byteLength || !timingSafeEqual(signature, expected))
    return { statusCode: 401, body: "" };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: `${process.env["SLUICE_QUEUE_BASE_URL"]}sluice-bench-stripe-webhooks`,
      MessageBody: body,
    }),
  );
  metrics.addMetric("WebhooksAccepted", MetricUnit.Count, 1);
  return { statusCode: 202, body: "" };
}

export const handler = wrap(take)
  .use(injectLambdaContext(logger))
  .use(logMetrics(metrics))
  .use(makeHandlerIdempotent({ persistenceStore: new MemoryPersistence() }));
