/** What AWS charges for, as far as the model counts it. */
export interface Price {
  readonly title: string;
  readonly dollars: number;
  /** For so many. */
  readonly per: number;
  /** So many a month cost nothing. */
  readonly free?: number;
}

/** us-east-1, from secondary sources of 2024 to 2026, put down on 2026-11-20: read the vendor's page, https://aws.amazon.com/pricing/ */
export const priceList = {
  httpApiRequests: { title: "API Gateway, HTTP API requests", dollars: 1, per: 1e6 },
  lambdaRequests: { title: "Lambda, requests", dollars: 0.2, per: 1e6 },
  lambdaGbSeconds: { title: "Lambda, GB-seconds (arm64)", dollars: 0.000_013_333_4, per: 1 },
  sqsRequests: { title: "SQS, requests of up to 64 KB", dollars: 0.4, per: 1e6 },
  sqsFairRequests: { title: "SQS, the same to fair queues, on top", dollars: 0.1, per: 1e6 },
  dynamoWrites: { title: "DynamoDB, write units", dollars: 0.625, per: 1e6 },
  dynamoReads: { title: "DynamoDB, read units", dollars: 0.125, per: 1e6 },
  busEvents: { title: "EventBridge, events of our own of up to 64 KB", dollars: 1, per: 1e6 },
  schedules: { title: "EventBridge Scheduler, invocations", dollars: 1, per: 1e6, free: 14e6 },
  secretMonths: { title: "Secrets Manager, secrets", dollars: 0.4, per: 1 },
  secretCalls: { title: "Secrets Manager, calls", dollars: 0.05, per: 1e4 },
  keyMonths: { title: "KMS, keys", dollars: 1, per: 1 },
  keyCalls: { title: "KMS, calls", dollars: 0.03, per: 1e4 },
  logGb: { title: "CloudWatch, GB of logs", dollars: 0.5, per: 1 },
  metricMonths: { title: "CloudWatch, metrics", dollars: 0.3, per: 1 },
  alarmMonths: { title: "CloudWatch, alarmed metrics", dollars: 0.1, per: 1 },
  dashboardMonths: { title: "CloudWatch, dashboards", dollars: 3, per: 1 },
} as const satisfies Readonly<Record<string, Price>>;

export type Priced = keyof typeof priceList;
export type Amounts = Readonly<Partial<Record<Priced, number>>>;
