import { existsSync, statSync } from "node:fs";
import * as z from "zod";
import type { AsyncInvokeModel, MappingModel } from "../../types.ts";
import { generatedName, generatedUuid } from "../physical-name.ts";
import { flag, ignored, integer, tags } from "../properties.ts";
import { named, resourceType, type ResourceInput } from "../resource-type.ts";

const defaultRetry = { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600 };

const functionProperties = z.strictObject({
  FunctionName: z.string().optional(),
  Code: z.strictObject({
    S3Bucket: ignored("code is read from cdk.out"),
    S3Key: z.string().optional(),
    SourceKMSKeyArn: ignored("code is read from cdk.out"),
  }),
  Handler: z.string(),
  Role: z.string(),
  Runtime: z.string().regex(/^nodejs\d+\.x$/, "must be a Node.js runtime: the local stack runs no other"),
  Environment: z.strictObject({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
  Timeout: integer.optional(),
  MemorySize: integer.optional(),
  ReservedConcurrentExecutions: integer.optional(),
  DeadLetterConfig: z.strictObject({ TargetArn: z.string().optional() }).optional(),
  Architectures: ignored("a function runs on this machine's processor"),
  Description: ignored("nobody reads it here"),
  EphemeralStorage: ignored("a function has this machine's temporary folder"),
  KmsKeyArn: ignored("environment variables are handed to the process as they are"),
  LoggingConfig: ignored("logs go to the local stack's own log"),
  RecursiveLoop: ignored("loops of functions are not looked for here"),
  TracingConfig: ignored("there is no X-Ray here"),
  SnapStart: ignored("Node.js has none"),
  Tags: tags,
});

export const lambdaFunction = resourceType({
  type: "AWS::Lambda::Function",
  schema: functionProperties,
  identify: ({ stack, logicalId, account, region, property }) => {
    const name = property("FunctionName") ?? generatedName(stack, logicalId, 64);
    return { name, ref: name, attributes: { Arn: `arn:aws:lambda:${region}:${account}:function:${name}` } };
  },
  add(draft, resource) {
    const { identity, properties, place } = resource;
    const deadLetterArn = properties.DeadLetterConfig?.TargetArn;
    draft.functions.push({
      logicalId: place.logicalId,
      name: identity.name,
      arn: identity.attributes["Arn"] ?? "",
      roleArn: properties.Role,
      codePath: codePathOf(resource),
      handler: properties.Handler,
      environment: properties.Environment?.Variables ?? {},
      timeoutSeconds: properties.Timeout ?? 3,
      memoryMb: properties.MemorySize ?? 128,
      reservedConcurrency: properties.ReservedConcurrentExecutions ?? null,
      ...(deadLetterArn === undefined ? {} : { asyncInvoke: { ...defaultRetry, failureQueueArn: deadLetterArn } }),
    });
  },
});

function codePathOf(resource: ResourceInput<z.infer<typeof functionProperties>>): string {
  const { Code: code } = resource.properties;
  const path = resource.metadataAssetPath ?? (code.S3Key === undefined ? undefined : resource.assetPath(code.S3Key));
  if (path === undefined || !existsSync(path)) {
    throw new Error("property Code: the code is no asset of this cdk.out; use a bundled asset, and synthesise anew");
  }
  if (statSync(path).isDirectory()) return path;
  throw new Error(`property Code: ${path} is an archive; the local stack runs asset folders only`);
}

export const invokeConfig = resourceType({
  type: "AWS::Lambda::EventInvokeConfig",
  schema: z.strictObject({
    FunctionName: z.string(),
    Qualifier: z.literal("$LATEST"),
    MaximumEventAgeInSeconds: integer.optional(),
    MaximumRetryAttempts: integer.optional(),
    DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: queueArn() }).optional() }).optional(),
  }),
  identify: ({ stack, logicalId }) => named(generatedName(stack, logicalId, 256)),
  add(draft, { properties }) {
    const settings: AsyncInvokeModel = {
      maximumRetryAttempts: properties.MaximumRetryAttempts ?? defaultRetry.maximumRetryAttempts,
      maximumEventAgeSeconds: properties.MaximumEventAgeInSeconds ?? defaultRetry.maximumEventAgeSeconds,
      failureQueueArn: properties.DestinationConfig?.OnFailure?.Destination ?? null,
    };
    draft.asyncInvokes.push({ functionName: functionNameOf(properties.FunctionName), settings });
  },
});

export const permission = resourceType({
  type: "AWS::Lambda::Permission",
  schema: z.strictObject({
    Action: z.literal("lambda:InvokeFunction"),
    FunctionName: z.string(),
    Principal: z.string(),
    SourceArn: z.string().optional(),
    SourceAccount: ignored("there is one account"),
  }),
  identify: ({ stack, logicalId }) => named(generatedName(stack, logicalId, 256)),
  add(draft, { properties }) {
    draft.permissions.push({
      functionName: functionNameOf(properties.FunctionName),
      principal: properties.Principal,
      sourceArn: properties.SourceArn ?? null,
    });
  },
});

export const eventSourceMapping = resourceType({
  type: "AWS::Lambda::EventSourceMapping",
  schema: z.strictObject({
    EventSourceArn: z.string(),
    FunctionName: z.string(),
    BatchSize: integer.optional(),
    MaximumBatchingWindowInSeconds: integer.optional(),
    ScalingConfig: z.strictObject({ MaximumConcurrency: integer.pipe(z.int().min(2)).optional() }).optional(),
    FunctionResponseTypes: z.array(z.literal("ReportBatchItemFailures")).optional(),
    Enabled: flag.optional(),
    BisectBatchOnFunctionError: flag.optional(),
    MaximumRetryAttempts: integer.optional(),
    MaximumRecordAgeInSeconds: z.literal(-1, "records do not age here; retries end by MaximumRetryAttempts").optional(),
    DestinationConfig: z.strictObject({ OnFailure: z.strictObject({ Destination: queueArn() }).optional() }).optional(),
    StartingPosition: ignored("a local stream is read from its oldest record"),
    ParallelizationFactor: ignored("one reader reads a local stream"),
    Tags: tags,
  }),
  identify: ({ stack, logicalId, account, region }) => {
    const id = generatedUuid(stack, logicalId);
    const arn = `arn:aws:lambda:${region}:${account}:event-source-mapping:${id}`;
    return { name: id, ref: id, attributes: { Id: id, EventSourceMappingArn: arn } };
  },
  add(draft, { identity, properties }) {
    const source = sourceOf(properties.EventSourceArn);
    const retries = properties.MaximumRetryAttempts ?? -1;
    const failureArn = properties.DestinationConfig?.OnFailure?.Destination;
    draft.mappings.push({
      id: identity.name,
      functionName: functionNameOf(properties.FunctionName),
      source,
      batchSize: properties.BatchSize ?? (source.kind === "queue" ? 10 : 100),
      batchingWindowSeconds: properties.MaximumBatchingWindowInSeconds ?? 0,
      maximumConcurrency: properties.ScalingConfig?.MaximumConcurrency ?? null,
      reportBatchItemFailures: properties.FunctionResponseTypes?.includes("ReportBatchItemFailures") ?? false,
      enabled: properties.Enabled ?? true,
      maximumRetryAttempts: retries < 0 ? null : retries,
      bisectOnError: properties.BisectBatchOnFunctionError ?? false,
      failureQueueName: failureArn === undefined ? null : (failureArn.split(":")[5] ?? null),
    });
  },
});

function sourceOf(arn: string): MappingModel["source"] {
  const [, , service, , , ...resource] = arn.split(":");
  if (service === "sqs") return { kind: "queue", queueName: resource.join(":") };
  const tableName = /^table\/([^/]+)\/stream\//.exec(resource.join(":"))?.[1];
  if (service === "dynamodb" && tableName !== undefined) return { kind: "stream", tableName };
  throw new Error(`property EventSourceArn: ${arn} is neither a queue nor the stream of a table`);
}

function queueArn(): z.ZodString {
  return z
    .string()
    .regex(/^arn:aws:sqs:/, "must be a queue: the local stack delivers failures to no other destination");
}

/** A function is named by its name, its ARN or a qualified one. */
function functionNameOf(nameOrArn: string): string {
  if (!nameOrArn.startsWith("arn:")) return nameOrArn.split(":")[0] ?? nameOrArn;
  return nameOrArn.split(":")[6] ?? nameOrArn;
}
