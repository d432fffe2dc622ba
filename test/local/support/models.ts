import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FunctionModel, MappingModel, QueueModel, ScheduleModel, StackModel } from "../../../lib/local/types.ts";

export const region = "us-east-1";
export const account = "000000000000";

/** A function whose bundle is the given code, written into the folder as a synthesised asset would be. */
export function functionWith(
  folder: string,
  name: string,
  code: string,
  overrides: Partial<FunctionModel> = {},
): FunctionModel {
  const codePath = join(folder, `asset.${name}`);
  mkdirSync(codePath, { recursive: true });
  writeFileSync(join(codePath, "index.mjs"), code);
  return {
    logicalId: name,
    name,
    arn: `arn:aws:lambda:${region}:${account}:function:${name}`,
    roleArn: `arn:aws:iam::${account}:role/${name}`,
    codePath,
    handler: "index.handler",
    environment: {},
    timeoutSeconds: 10,
    memoryMb: 256,
    reservedConcurrency: null,
    ...overrides,
  };
}

export function queueWith(name: string, attributes: Readonly<Record<string, string>> = {}): QueueModel {
  return { name, arn: queueArn(name), attributes };
}

export function queueArn(name: string): string {
  return `arn:aws:sqs:${region}:${account}:${name}`;
}

export function queueMapping(
  functionName: string,
  queueName: string,
  overrides: Partial<MappingModel> = {},
): MappingModel {
  return {
    id: `${functionName}-${queueName}`,
    functionName,
    source: { kind: "queue", queueName },
    batchSize: 10,
    batchingWindowSeconds: 0,
    maximumConcurrency: 2,
    reportBatchItemFailures: true,
    enabled: true,
    maximumRetryAttempts: null,
    bisectOnError: false,
    failureQueueName: null,
    ...overrides,
  };
}

export function streamMapping(
  functionName: string,
  tableName: string,
  overrides: Partial<MappingModel> = {},
): MappingModel {
  const unlimited = {
    ...queueMapping(functionName, ""),
    reportBatchItemFailures: false,
    maximumConcurrency: null,
    batchSize: 100,
  };
  return { ...unlimited, id: `${functionName}-${tableName}`, source: { kind: "stream", tableName }, ...overrides };
}

export function scheduleWith(
  name: string,
  expression: string,
  targetArn: string,
  overrides: Partial<ScheduleModel> = {},
): ScheduleModel {
  return {
    name,
    expression,
    targetArn,
    roleArn: `arn:aws:iam::${account}:role/scheduler`,
    input: null,
    enabled: true,
    ...overrides,
  };
}

export const emptyModel: StackModel = {
  account,
  region,
  functions: [],
  mappings: [],
  schedules: [],
  apis: [],
  queues: [],
  tables: [],
  buckets: [],
  secrets: [],
  keys: [],
  buses: [],
  roles: [],
  outputs: {},
};
