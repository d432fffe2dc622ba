import type { PolicyBook } from "../../front-door/policy/policy-book.ts";
import type { MappingModel, RuleModel, StackModel } from "../../types.ts";

/**
 * Checks what AWS asks of roles before it polls or fires for them: a grant that is missing would show on the first deployment.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
 * @throws {Error} naming the mapping or schedule, the role, the action and the resource
 */
export function checkGrants(model: StackModel, policies: PolicyBook): void {
  for (const mapping of model.mappings) {
    const roleArn = model.functions.find(({ name }) => name === mapping.functionName)?.roleArn ?? "";
    for (const [action, resource] of needsOf(model, mapping)) {
      check(policies, `The event source mapping of ${mapping.functionName}`, roleArn, action, resource);
    }
  }
  for (const schedule of model.schedules) {
    const action = schedule.targetArn.includes(":function:") ? "lambda:InvokeFunction" : "sqs:SendMessage";
    check(policies, `The schedule ${schedule.name}`, schedule.roleArn, action, schedule.targetArn);
  }
  for (const rule of model.rules ?? []) checkRule(model, policies, rule);
}

/** A rule reaches a queue only if the queue's own policy lets EventBridge send. */
function checkRule(model: StackModel, policies: PolicyBook, rule: RuleModel): void {
  const path = rule.busName === "default" ? rule.name : `${rule.busName}/${rule.name}`;
  const context = { "aws:sourcearn": [`arn:aws:events:${model.region}:${model.account}:rule/${path}`] };
  for (const { arn } of rule.targets.filter((target) => target.arn.startsWith("arn:aws:sqs:"))) {
    const requirement = { action: "sqs:SendMessage", resource: arn, context };
    if (policies.letsService("events.amazonaws.com", requirement)) continue;
    throw new Error(
      `The rule ${rule.name} needs the policy of ${arn} to let events.amazonaws.com perform sqs:SendMessage.`,
    );
  }
}

function needsOf(model: StackModel, mapping: MappingModel): (readonly [action: string, resource: string])[] {
  const queueArn = (name: string): string => `arn:aws:sqs:${model.region}:${model.account}:${name}`;
  const { source, failureQueueName } = mapping;
  const failure = failureQueueName === null ? [] : [["sqs:SendMessage", queueArn(failureQueueName)] as const];
  if (source.kind === "queue") {
    const actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    return [...actions.map((action) => [action, queueArn(source.queueName)] as const), ...failure];
  }
  const streamArn = model.tables.find(({ name }) => name === source.tableName)?.streamArn ?? "";
  const actions = ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"];
  return [...actions.map((action) => [action, streamArn] as const), ...failure];
}

function check(policies: PolicyBook, who: string, roleArn: string, action: string, resource: string): void {
  if (policies.judge(roleArn, { action, resource, context: {} }).kind === "allowed") return;
  throw new Error(`${who} needs its role ${roleArn} to be allowed ${action} on ${resource}.`);
}
