import { GetQueueUrlCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { LocalServices } from "./types.ts";

/** SQS as seen by a role or by the operator; one client each, made when first asked for. */
export interface SqsClients {
  forRole(roleArn: string): SQSClient;
  readonly operator: SQSClient;
  /** The queue's URL, looked up as the operator: Lambda's pollers know it without a grant. */
  queueUrl(queueName: string): Promise<string>;
  close(): void;
}

export function createSqsClients(
  services: Pick<LocalServices, "endpoint" | "credentialsFor" | "operator">,
  region: string,
): SqsClients {
  const byRole = new Map<string, SQSClient>();
  const clientWith = (credentials: { accessKeyId: string; secretAccessKey: string }): SQSClient =>
    new SQSClient({
      endpoint: services.endpoint,
      region,
      credentials,
      // The URLs name a host that does not resolve here.
      useQueueUrlAsEndpoint: false,
      // Each long poll holds a socket.
      requestHandler: { httpAgent: { keepAlive: true, maxSockets: 512 } },
    });
  const operator = clientWith(services.operator);

  return {
    operator,
    forRole(roleArn) {
      const client = byRole.get(roleArn) ?? clientWith(services.credentialsFor(roleArn));
      byRole.set(roleArn, client);
      return client;
    },
    async queueUrl(queueName) {
      const { QueueUrl } = await operator.send(new GetQueueUrlCommand({ QueueName: queueName }));
      if (QueueUrl === undefined) throw new Error(`The local SQS knows no URL for queue ${queueName}.`);
      return QueueUrl;
    },
    close() {
      operator.destroy();
      for (const client of byRole.values()) client.destroy();
    },
  };
}
