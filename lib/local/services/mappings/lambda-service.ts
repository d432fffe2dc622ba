import * as z from "zod";
import { AwsError } from "../../front-door/aws-error.ts";
import type {
  DoorResponse,
  Requirement,
  ServiceAnswer,
  ServiceCall,
  ServiceHandler,
} from "../../front-door/door-request.ts";
import { parseJsonObject, textOf, unknownOperation } from "../../front-door/json-target.ts";
import type { FunctionHost, InvocationResult, MappingModel, MappingPollState, StackModel } from "../../types.ts";
import { parseInput } from "../parse-input.ts";
import type { MutableMappingControl } from "./mapping-control.ts";

type Json = Readonly<Record<string, unknown>>;

/** Lambda's own limit for a synchronous payload. */
const bodyBytesMax = 6 * 1024 * 1024;

export interface LambdaServiceParts {
  readonly model: StackModel;
  readonly control: MutableMappingControl;
  /** Null until functions run. */
  readonly functions: () => Pick<FunctionHost, "invoke"> | null;
  /** Of the pollers, by mapping; empty until there are some. */
  readonly states: () => Readonly<Record<string, MappingPollState>>;
  readonly nowMs: () => number;
}

/** Lambda's API as far as Sluice calls it: event source mappings, and invoking. */
export function createLambdaService(parts: LambdaServiceParts): ServiceHandler {
  return {
    bodyBytesMax,
    understand(request) {
      const { operation, input } = matchRoute(request.method, request.path);
      const query = Object.fromEntries(new URLSearchParams(request.query));
      const body = operation === "Invoke" ? {} : parseJsonObject(request.body);
      return { operation, input: { ...query, ...body, ...input } };
    },
    requirements: (call) => requirements(call, parts),
    answer: (call) => answer(call, parts),
  };
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html */
function matchRoute(method: string, path: string): { operation: string; input: Json } {
  const mapping = /^\/2015-03-31\/event-source-mappings(?:\/([^/]+))?\/?$/.exec(path);
  const id = decodeURIComponent(mapping?.[1] ?? "");
  if (mapping !== null && id === "" && method === "GET") return { operation: "ListEventSourceMappings", input: {} };
  if (mapping !== null && method === "GET") return { operation: "GetEventSourceMapping", input: { UUID: id } };
  if (mapping !== null && method === "PUT") return { operation: "UpdateEventSourceMapping", input: { UUID: id } };
  const invoked = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(path)?.[1];
  if (invoked !== undefined && method === "POST") {
    return { operation: "Invoke", input: { FunctionName: decodeURIComponent(invoked) } };
  }
  throw unknownOperation(`Lambda ${method} ${path}`);
}

function requirements(call: ServiceCall, { model }: LambdaServiceParts): Requirement[] {
  const { operation, input } = call;
  const action = `lambda:${operation === "Invoke" ? "InvokeFunction" : operation}`;
  const prefix = `arn:aws:lambda:${model.region}:${model.account}`;
  if (operation === "ListEventSourceMappings") return [{ action, resource: "*", context: {} }];
  if (operation === "Invoke") {
    return [{ action, resource: `${prefix}:function:${functionNameOf(textOf(input["FunctionName"]))}`, context: {} }];
  }
  const id = textOf(input["UUID"]);
  const mapping = model.mappings.find((item) => item.id === id);
  const context: Requirement["context"] =
    mapping === undefined ? {} : { "lambda:functionarn": [`${prefix}:function:${mapping.functionName}`] };
  return [{ action, resource: `${prefix}:event-source-mapping:${id}`, context }];
}

async function answer(call: ServiceCall, parts: LambdaServiceParts): Promise<ServiceAnswer> {
  switch (call.operation) {
    case "GetEventSourceMapping": {
      const mapping = find(parts, textOf(call.input["UUID"]));
      return { kind: "json", output: describe(parts, mapping, stateOf(parts, mapping)) };
    }
    case "ListEventSourceMappings":
      return { kind: "json", output: list(parts, call.input) };
    case "UpdateEventSourceMapping":
      return { kind: "json", output: update(parts, call.input) };
    case "Invoke":
      return { kind: "raw", response: await invoke(parts, call) };
    default:
      throw unknownOperation(`Lambda ${call.operation}`);
  }
}

function stateOf(parts: LambdaServiceParts, mapping: MappingModel): MappingPollState {
  return parts.states()[mapping.id] ?? (mapping.enabled ? "Enabled" : "Disabled");
}

function find(parts: LambdaServiceParts, id: string): MappingModel {
  const mapping = parts.control.get(id);
  if (mapping !== null) return mapping;
  throw new AwsError("ResourceNotFoundException", "The resource you requested does not exist.", 404);
}

const pageMax = 100;
const listInput = z.object({
  FunctionName: z.string().optional(),
  EventSourceArn: z.string().optional(),
  MaxItems: z.coerce.number().int().min(1).max(10_000).optional(),
  Marker: z.string().optional(),
});

function list(parts: LambdaServiceParts, input: Json): Json {
  const wanted = parseInput(listInput, input);
  const functionName = wanted.FunctionName === undefined ? undefined : functionNameOf(wanted.FunctionName);
  const matching = parts.control
    .list()
    .filter((mapping) => functionName === undefined || mapping.functionName === functionName)
    .filter((mapping) => wanted.EventSourceArn === undefined || sourceArnOf(parts, mapping) === wanted.EventSourceArn)
    .toSorted((left, right) => (left.id < right.id ? -1 : 1))
    .filter((mapping) => wanted.Marker === undefined || mapping.id > wanted.Marker);
  const page = matching.slice(0, Math.min(wanted.MaxItems ?? pageMax, pageMax));
  const next = matching.length > page.length ? { NextMarker: page.at(-1)?.id } : {};
  const described = page.map((mapping) => describe(parts, mapping, stateOf(parts, mapping)));
  return { EventSourceMappings: described, ...next };
}

const updateInput = z.object({
  UUID: z.string(),
  Enabled: z.boolean().optional(),
  BatchSize: z.int().min(1).max(10_000).optional(),
  MaximumBatchingWindowInSeconds: z.int().min(0).max(300).optional(),
  ScalingConfig: z.object({ MaximumConcurrency: z.int().min(2).max(1_000).optional() }).optional(),
});

/** Updates take their time on AWS: the answer names the way, the next look the state. */
function update(parts: LambdaServiceParts, input: Json): Json {
  const wanted = parseInput(updateInput, input);
  const before = find(parts, wanted.UUID);
  // One change at a time: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
  if (stateOf(parts, before).endsWith("ing"))
    throw new AwsError("ResourceInUseException", `The event source mapping ${wanted.UUID} is being changed.`);
  parts.control.change(
    wanted.UUID,
    {
      enabled: wanted.Enabled ?? before.enabled,
      batchSize: wanted.BatchSize ?? before.batchSize,
      batchingWindowSeconds: wanted.MaximumBatchingWindowInSeconds ?? before.batchingWindowSeconds,
      maximumConcurrency:
        wanted.ScalingConfig === undefined
          ? before.maximumConcurrency
          : (wanted.ScalingConfig.MaximumConcurrency ?? null),
    },
    parts.nowMs(),
  );
  const after = find(parts, wanted.UUID);
  const way = after.enabled === before.enabled ? "Updating" : after.enabled ? "Enabling" : "Disabling";
  return describe(parts, after, way);
}

function describe(parts: LambdaServiceParts, mapping: MappingModel, state: string): Json {
  const { region, account } = parts.model;
  const prefix = `arn:aws:lambda:${region}:${account}`;
  const changedAtMs = parts.control.changedAtMs(mapping.id);
  const { maximumConcurrency } = mapping;
  return {
    UUID: mapping.id,
    EventSourceMappingArn: `${prefix}:event-source-mapping:${mapping.id}`,
    EventSourceArn: sourceArnOf(parts, mapping),
    FunctionArn: `${prefix}:function:${mapping.functionName}`,
    BatchSize: mapping.batchSize,
    MaximumBatchingWindowInSeconds: mapping.batchingWindowSeconds,
    FunctionResponseTypes: mapping.reportBatchItemFailures ? ["ReportBatchItemFailures"] : [],
    State: state,
    StateTransitionReason: changedAtMs === null ? "CREATED" : "USER_INITIATED",
    LastModified: (changedAtMs ?? 0) / 1000,
    ...(maximumConcurrency === null ? {} : { ScalingConfig: { MaximumConcurrency: maximumConcurrency } }),
  };
}

function sourceArnOf({ model }: LambdaServiceParts, { source }: MappingModel): string {
  if (source.kind === "queue") return `arn:aws:sqs:${model.region}:${model.account}:${source.queueName}`;
  return model.tables.find(({ name }) => name === source.tableName)?.streamArn ?? "";
}

function functionNameOf(nameOrArn: string): string {
  const name = nameOrArn.startsWith("arn:") ? nameOrArn.split(":")[6] : nameOrArn.split(":")[0];
  return name ?? nameOrArn;
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
async function invoke(parts: LambdaServiceParts, call: ServiceCall): Promise<DoorResponse> {
  const name = functionNameOf(textOf(call.input["FunctionName"]));
  const host = parts.functions();
  if (!parts.model.functions.some((item) => item.name === name)) {
    throw new AwsError("ResourceNotFoundException", `Function not found: ${name}`, 404);
  }
  if (host === null) throw new AwsError("ServiceException", "Functions are not running yet; try again.", 500);
  const body = call.request.body.toString("utf8");
  const event: unknown = body === "" ? {} : parsed(body);
  const type = call.request.headers["x-amz-invocation-type"] ?? "RequestResponse";
  if (type === "DryRun") return { status: 204, headers: {}, body: "" };
  if (type === "Event") {
    // Asynchronous: the caller hears only that the event was taken.
    void host.invoke(name, event);
    return { status: 202, headers: {}, body: "" };
  }
  return invocationAnswer(await host.invoke(name, event));
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new AwsError("InvalidRequestContentException", "Could not parse request body into json.");
  }
}

function invocationAnswer(result: InvocationResult): DoorResponse {
  const headers = { "content-type": "application/json", "x-amz-executed-version": "$LATEST" };
  const failed = (errorType: string, errorMessage: string): DoorResponse => ({
    status: 200,
    headers: { ...headers, "x-amz-function-error": "Unhandled" },
    body: JSON.stringify({ errorType, errorMessage }),
  });
  switch (result.kind) {
    case "returned":
      return { status: 200, headers, body: JSON.stringify(result.payload ?? null) };
    case "threw":
      return failed(result.errorType, result.errorMessage);
    case "timedOut":
      return failed("Sandbox.Timedout", `Task timed out after ${result.timeoutSeconds.toFixed(2)} seconds`);
    case "crashed":
      return failed("Runtime.ExitError", `Runtime exited with exit status ${result.exitCode ?? "unknown"}`);
    case "throttled":
      throw new AwsError("TooManyRequestsException", "Rate Exceeded.", 429);
  }
}
