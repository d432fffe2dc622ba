import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { Requirement, ServiceCall, ServiceHandler } from "../../front-door/door-request.ts";
import { understandJsonTarget, unknownOperation } from "../../front-door/json-target.ts";
import type { RuleModel, StackModel } from "../../types.ts";
import { parseInput } from "../parse-input.ts";
import { checkPattern, matchesPattern } from "./event-pattern.ts";

type Json = Readonly<Record<string, unknown>>;

const bodyBytesMax = 2 * 1024 * 1024;
/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
const requestBytesMax = 256 * 1024;

const putEventsInput = z.object({
  Entries: z
    .array(
      z.object({
        Source: z.string().min(1).optional(),
        DetailType: z.string().min(1).optional(),
        Detail: z.string().optional(),
        EventBusName: z.string().optional(),
        Time: z.number().optional(),
        Resources: z.array(z.string()).optional(),
        TraceHeader: z.string().optional(),
      }),
    )
    .min(1)
    .max(10),
});
type Entry = z.infer<typeof putEventsInput>["Entries"][number];

export interface BusServiceParts {
  readonly model: StackModel;
  readonly nowMs: () => number;
  /** Brings an event to a rule's target; durable when it resolves. */
  readonly deliver: (targetArn: string, payload: string) => Promise<void>;
  readonly log: (line: string) => void;
}

/**
 * EventBridge: events go to the targets of the rules they fit, and are kept nowhere else.
 * @throws {Error} naming the rule whose pattern cannot be evaluated
 */
export function createBusService(parts: BusServiceParts): ServiceHandler {
  for (const rule of parts.model.rules ?? []) checkRule(rule);
  return {
    bodyBytesMax,
    understand: understandJsonTarget,
    requirements: (call) => requirements(call, parts.model),
    answer: async (call) => ({ kind: "json", output: await putEvents(parts, call) }),
  };
}

function checkRule(rule: RuleModel): void {
  try {
    if (rule.pattern !== null) checkPattern(rule.pattern);
  } catch (error) {
    throw new Error(`Rule ${rule.name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function requirements(call: ServiceCall, model: StackModel): Requirement[] {
  if (call.operation !== "PutEvents") throw unknownOperation(`EventBridge ${call.operation}`);
  const { Entries: entries } = parseInput(putEventsInput, call.input);
  return entries.map((entry) => ({
    action: "events:PutEvents",
    resource: busArnOf(model, entry.EventBusName),
    context: {
      ...(entry.Source === undefined ? {} : { "events:source": [entry.Source] }),
      ...(entry.DetailType === undefined ? {} : { "events:detail-type": [entry.DetailType] }),
    },
  }));
}

async function putEvents(parts: BusServiceParts, call: ServiceCall): Promise<Json> {
  const { Entries: entries } = parseInput(putEventsInput, call.input);
  const results: Json[] = [];
  for (const entry of entries) results.push(await putEvent(parts, entry));
  return { Entries: results, FailedEntryCount: results.filter((result) => "ErrorCode" in result).length };
}

async function putEvent(parts: BusServiceParts, entry: Entry): Promise<Json> {
  const problem = problemOf(parts.model, entry);
  if (problem !== null) return problem;
  const { model, nowMs } = parts;
  const id = randomUUID();
  const event = {
    version: "0",
    id,
    "detail-type": entry.DetailType,
    source: entry.Source,
    account: model.account,
    time: new Date(entry.Time === undefined ? nowMs() : entry.Time * 1000).toISOString(),
    region: model.region,
    resources: entry.Resources ?? [],
    // Checked to be JSON above.
    detail: JSON.parse(entry.Detail ?? "{}") as unknown,
  };
  const busName = busNameOf(entry.EventBusName);
  for (const rule of model.rules ?? []) {
    const fits =
      rule.enabled && rule.busName === busName && rule.pattern !== null && matchesPattern(rule.pattern, event);
    if (fits) await deliverToTargets(parts, rule, event);
  }
  return { EventId: id };
}

/** One target's failure is not another's, nor the sender's. */
async function deliverToTargets(parts: BusServiceParts, rule: RuleModel, event: Json): Promise<void> {
  for (const target of rule.targets) {
    try {
      await parts.deliver(target.arn, target.input ?? JSON.stringify(atPath(event, target.inputPath)));
    } catch (error) {
      parts.log(
        `rule ${rule.name}: ${target.arn} did not take an event: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

/** `$.detail.order`: the part of the event that the target gets. */
function atPath(event: unknown, path: string | null): unknown {
  const names = path === null ? [] : path.split(".").slice(1);
  return names.reduce<unknown>(
    (value, name) => (typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined),
    event,
  );
}

/** What EventBridge answers for one bad entry among good ones. */
function problemOf(model: StackModel, entry: Entry): Json | null {
  const refuse = (code: string, message: string): Json => ({ ErrorCode: code, ErrorMessage: message });
  if (entry.Source === undefined)
    return refuse("InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument.");
  if (entry.DetailType === undefined) {
    return refuse("InvalidArgument", "Parameter DetailType is not valid. Reason: DetailType is a required argument.");
  }
  if (entry.Detail === undefined) {
    return refuse("InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument.");
  }
  if (!isJsonObject(entry.Detail)) return refuse("MalformedDetail", "Detail is malformed.");
  if (Buffer.byteLength(JSON.stringify(entry)) > requestBytesMax) {
    return refuse("InvalidArgument", "Total size of the entries in the request is over the limit.");
  }
  const busName = busNameOf(entry.EventBusName);
  const isKnown = busName === "default" || model.buses.some(({ name }) => name === busName);
  return isKnown ? null : refuse("ResourceNotFoundException", `Event bus ${busName} does not exist.`);
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function busNameOf(nameOrArn: string | undefined): string {
  if (nameOrArn === undefined) return "default";
  return nameOrArn.slice(nameOrArn.lastIndexOf("/") + 1);
}

function busArnOf(model: StackModel, nameOrArn: string | undefined): string {
  return `arn:aws:events:${model.region}:${model.account}:event-bus/${busNameOf(nameOrArn)}`;
}
