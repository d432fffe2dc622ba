import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { buildApp } from "fauxqs";
import { onTestFinished } from "vitest";
import type { LocalServices, QueueModel, StreamRecord } from "../../../lib/local/types.ts";
import { region } from "./models.ts";

/** Real SQS over a real socket, and streams that a test fills; every credential is good for everything. */
export interface FakeServices extends LocalServices {
  readonly sqs: SQSClient;
  readonly streams: Map<string, StreamRecord[]>;
  send(queueName: string, bodies: readonly string[], delaySeconds?: number): Promise<void>;
  counts(queueName: string): Promise<{ readonly visible: number; readonly inFlight: number; readonly delayed: number }>;
  /** Messages of every kind in the queue. */
  total(queueName: string): Promise<number>;
}

export async function startFakeServices(queues: readonly QueueModel[]): Promise<FakeServices> {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: "127.0.0.1", port: 0 });
  const operator = { accessKeyId: "OPERATOR", secretAccessKey: "operator" };
  const sqs = new SQSClient({ endpoint, region, credentials: operator, useQueueUrlAsEndpoint: false });
  const url = (name: string): string => `${endpoint}/000000000000/${name}`;
  // A queue that another's redrive policy names comes first.
  for (const queue of queues.toSorted(
    (a, b) => Number("RedrivePolicy" in a.attributes) - Number("RedrivePolicy" in b.attributes),
  ))
    await sqs.send(new CreateQueueCommand({ QueueName: queue.name, Attributes: { ...queue.attributes } }));
  const streams = new Map<string, StreamRecord[]>();

  async function counts(queueName: string): Promise<{ visible: number; inFlight: number; delayed: number }> {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url(queueName), AttributeNames: ["All"] }),
    );
    return {
      visible: Number(Attributes["ApproximateNumberOfMessages"]),
      inFlight: Number(Attributes["ApproximateNumberOfMessagesNotVisible"]),
      delayed: Number(Attributes["ApproximateNumberOfMessagesDelayed"]),
    };
  }
  const services: FakeServices = {
    endpoint,
    operator,
    sqs,
    streams,
    counts,
    credentialsFor: (roleArn) => ({
      accessKeyId: roleArn.replaceAll(/\W/g, "").slice(-16),
      secretAccessKey: "secret",
      sessionToken: "token",
    }),
    async total(queueName) {
      const { visible, inFlight, delayed } = await counts(queueName);
      return visible + inFlight + delayed;
    },
    async send(queueName, bodies, delaySeconds = 0) {
      for (let start = 0; start < bodies.length; start += 10) {
        const Entries = bodies
          .slice(start, start + 10)
          .map((MessageBody, index) => ({ Id: String(index), MessageBody, DelaySeconds: delaySeconds }));
        await sqs.send(new SendMessageBatchCommand({ QueueUrl: url(queueName), Entries }));
      }
    },
    async readStream(tableName, afterSequence, limit) {
      const records = streams.get(tableName) ?? [];
      const from =
        afterSequence === null
          ? 0
          : records.findIndex((record) => record.dynamodb.SequenceNumber === afterSequence) + 1;
      return records.slice(from, from + limit);
    },
    async stop() {
      sqs.destroy();
      await app.close();
    },
  };
  onTestFinished(() => services.stop());
  return services;
}
