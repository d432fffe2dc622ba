import * as z from "zod";
import { AwsError } from "../../front-door/aws-error.ts";
import type { Requirement, ServiceCall, ServiceHandler } from "../../front-door/door-request.ts";
import { parseJsonObject, textOf, unknownOperation } from "../../front-door/json-target.ts";
import { parseScheduleExpression } from "../../functions/schedule-expression.ts";
import type { ScheduleModel } from "../../types.ts";
import { parseInput } from "../parse-input.ts";
import { groupOf, type MutableScheduleControl } from "./schedule-store.ts";

type Json = Readonly<Record<string, unknown>>;

const bodyBytesMax = 1024 * 1024;

interface Place {
  readonly account: string;
  readonly region: string;
}

/** EventBridge Scheduler's API; whoever fires the schedules reads them from the control. */
export function createScheduleService(
  control: MutableScheduleControl,
  place: Place,
  nowMs: () => number,
): ServiceHandler {
  return {
    bodyBytesMax,
    understand(request) {
      const { operation, name } = matchRoute(request.method, request.path);
      const query = Object.fromEntries(new URLSearchParams(request.query));
      // Names in the query are spelt otherwise than in a body.
      const group = query["groupName"] ?? query["ScheduleGroup"];
      const named = { ...(name === "" ? {} : { Name: name }), ...(group === undefined ? {} : { GroupName: group }) };
      return { operation, input: { ...query, ...parseJsonObject(request.body), ...named } };
    },
    requirements: (call) => requirements(call, place),
    answer: async (call) => ({ kind: "json", output: answer(call, control, place, nowMs()) }),
  };
}

/** https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Operations.html */
function matchRoute(method: string, path: string): { operation: string; name: string } {
  const match = /^\/schedules(?:\/([^/]+))?\/?$/.exec(path);
  if (match === null) throw unknownOperation(`Scheduler ${method} ${path}`);
  const name = decodeURIComponent(match[1] ?? "");
  const operations: Readonly<Record<string, string>> = {
    GET: name === "" ? "ListSchedules" : "GetSchedule",
    POST: "CreateSchedule",
    PUT: "UpdateSchedule",
    DELETE: "DeleteSchedule",
  };
  const operation = operations[method];
  if (operation === undefined) throw unknownOperation(`Scheduler ${method} ${path}`);
  return { operation, name };
}

/** Creating and updating hand a role to Scheduler, which needs leave of its own. */
function requirements(call: ServiceCall, { account, region }: Place): Requirement[] {
  const { operation, input } = call;
  const action = `scheduler:${operation}`;
  const arn = `arn:aws:scheduler:${region}:${account}:schedule`;
  if (operation === "ListSchedules") return [{ action, resource: `${arn}/*/*`, context: {} }];
  const group = textOf(input["GroupName"]) || "default";
  const own = { action, resource: `${arn}/${group}/${textOf(input["Name"])}`, context: {} };
  if (operation !== "CreateSchedule" && operation !== "UpdateSchedule") return [own];
  const { Target: target } = parseInput(z.object({ Target: z.object({ RoleArn: z.string() }) }), input);
  const pass = { "iam:passedtoservice": ["scheduler.amazonaws.com"] };
  return [own, { action: "iam:PassRole", resource: target.RoleArn, context: pass }];
}

const scheduleInput = z.strictObject({
  Name: z.string().regex(/^[0-9A-Za-z_.-]{1,64}$/),
  GroupName: z.string().optional(),
  ClientToken: z.string().optional(),
  Description: z.string().optional(),
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().optional(),
  State: z.enum(["ENABLED", "DISABLED"]).optional(),
  FlexibleTimeWindow: z.object({ Mode: z.enum(["OFF", "FLEXIBLE"]), MaximumWindowInMinutes: z.int().optional() }),
  Target: z.strictObject({
    Arn: z.string(),
    RoleArn: z.string(),
    Input: z.string().optional(),
    RetryPolicy: z
      .strictObject({
        MaximumRetryAttempts: z.int().min(0).max(185).optional(),
        MaximumEventAgeInSeconds: z.int().min(60).max(86_400).optional(),
      })
      .optional(),
    DeadLetterConfig: z.strictObject({ Arn: z.string().optional() }).optional(),
  }),
});
const nameInput = z.object({ Name: z.string(), GroupName: z.string().default("default") });
const listInput = z.object({
  GroupName: z.string().optional(),
  NamePrefix: z.string().default(""),
  MaxResults: z.coerce.number().int().min(1).max(100).default(100),
  NextToken: z.string().default(""),
});

function answer(call: ServiceCall, control: MutableScheduleControl, place: Place, nowMs: number): Json {
  const { operation, input } = call;
  if (operation === "ListSchedules") return list(control, input, place);
  const { Name: name, GroupName: group } = parseInput(nameInput, input);
  const found = control.get(group, name);
  if (operation === "CreateSchedule") {
    if (found !== null) throw new AwsError("ConflictException", `Schedule ${name} already exists.`, 409);
    const created = modelOf(parseInput(scheduleInput, input));
    control.put(created, nowMs);
    return { ScheduleArn: arnOf(place, created) };
  }
  if (found === null) throw new AwsError("ResourceNotFoundException", `Schedule ${name} does not exist.`, 404);
  switch (operation) {
    case "GetSchedule":
      return describe(place, found.schedule, found.changedAtMs);
    case "UpdateSchedule": {
      const updated = modelOf(parseInput(scheduleInput, input));
      control.put(updated, nowMs);
      return { ScheduleArn: arnOf(place, updated) };
    }
    case "DeleteSchedule":
      control.remove(group, name, nowMs);
      return {};
    default:
      throw unknownOperation(`Scheduler ${operation}`);
  }
}

function list(control: MutableScheduleControl, input: Json, place: Place): Json {
  const wanted = parseInput(listInput, input);
  const matching = control
    .list()
    .filter((item) => wanted.GroupName === undefined || groupOf(item) === wanted.GroupName)
    .filter((item) => item.name.startsWith(wanted.NamePrefix))
    .filter((item) => `${groupOf(item)}/${item.name}` > wanted.NextToken);
  const page = matching.slice(0, wanted.MaxResults);
  const last = page.at(-1);
  const next =
    last !== undefined && matching.length > page.length ? { NextToken: `${groupOf(last)}/${last.name}` } : {};
  const summaries = page.map((item) => ({
    Arn: arnOf(place, item),
    Name: item.name,
    GroupName: groupOf(item),
    State: item.enabled ? "ENABLED" : "DISABLED",
    Target: { Arn: item.targetArn },
  }));
  return { Schedules: summaries, ...next };
}

function modelOf(input: z.infer<typeof scheduleInput>): ScheduleModel {
  checkExpression(input.ScheduleExpression, input.ScheduleExpressionTimezone);
  const { Target: target, GroupName: groupName, ScheduleExpressionTimezone: timezone } = input;
  const deadLetterQueueArn = target.DeadLetterConfig?.Arn;
  return {
    name: input.Name,
    expression: input.ScheduleExpression,
    targetArn: target.Arn,
    roleArn: target.RoleArn,
    input: target.Input ?? null,
    enabled: input.State !== "DISABLED",
    retry: {
      maximumRetryAttempts: target.RetryPolicy?.MaximumRetryAttempts ?? 185,
      maximumEventAgeSeconds: target.RetryPolicy?.MaximumEventAgeInSeconds ?? 86_400,
    },
    ...(groupName === undefined ? {} : { groupName }),
    ...(timezone === undefined ? {} : { timezone }),
    ...(deadLetterQueueArn === undefined ? {} : { deadLetterQueueArn }),
  };
}

/** Whoever fires the schedules must be able to read what is stored. */
function checkExpression(expression: string, timezone: string | undefined): void {
  try {
    parseScheduleExpression(expression, timezone);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new AwsError("ValidationException", `Invalid Schedule Expression ${expression}. ${why}`);
  }
}

function describe(place: Place, item: ScheduleModel, changedAtMs: number): Json {
  const retry = item.retry && {
    MaximumRetryAttempts: item.retry.maximumRetryAttempts,
    MaximumEventAgeInSeconds: item.retry.maximumEventAgeSeconds,
  };
  return {
    Arn: arnOf(place, item),
    Name: item.name,
    GroupName: groupOf(item),
    ScheduleExpression: item.expression,
    ScheduleExpressionTimezone: item.timezone ?? "UTC",
    State: item.enabled ? "ENABLED" : "DISABLED",
    FlexibleTimeWindow: { Mode: "OFF" },
    LastModificationDate: changedAtMs / 1000,
    Target: {
      Arn: item.targetArn,
      RoleArn: item.roleArn,
      ...(item.input === null ? {} : { Input: item.input }),
      ...(retry === undefined ? {} : { RetryPolicy: retry }),
      ...(item.deadLetterQueueArn === undefined ? {} : { DeadLetterConfig: { Arn: item.deadLetterQueueArn } }),
    },
  };
}

function arnOf({ account, region }: Place, item: ScheduleModel): string {
  return `arn:aws:scheduler:${region}:${account}:schedule/${groupOf(item)}/${item.name}`;
}
