import { Duration, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as scheduler from "aws-cdk-lib/aws-scheduler";
import { Construct } from "constructs";
import { functionNameFor, prefixFor } from "../engine/names.ts";
import type { Stage } from "./stage.ts";

export interface ScheduledFunction {
  readonly name: string;
  readonly target: lambda.Function;
}

/** Calls functions every minute. A minute that is missed is made good by the next, so nothing is retried for long. */
export class PartnerSchedule extends Construct {
  constructor(scope: Construct, id: string, stage: Stage, partner: string, functions: readonly ScheduledFunction[]) {
    super(scope, id);
    const groupName = `${prefixFor(stage.name)}-${partner}`;
    const group = new scheduler.CfnScheduleGroup(this, "Group", { name: groupName });
    const role = this.makeRole(groupName, functions);
    for (const { name, target } of functions) {
      const schedule = new scheduler.CfnSchedule(this, name, {
        name: functionNameFor(stage.name, name, partner),
        groupName,
        scheduleExpression: "rate(1 minute)",
        flexibleTimeWindow: { mode: "OFF" },
        target: {
          arn: target.functionArn,
          roleArn: role.roleArn,
          retryPolicy: { maximumRetryAttempts: 1, maximumEventAgeInSeconds: 60 },
        },
      });
      schedule.addResourceDependency(group);
      new lambda.EventInvokeConfig(this, `${name}-invoke`, {
        function: target,
        retryAttempts: 0,
        maxEventAge: Duration.minutes(1),
      });
    }
  }

  private makeRole(groupName: string, functions: readonly ScheduledFunction[]): iam.Role {
    const { account } = Stack.of(this);
    const groupArn = Stack.of(this).formatArn({
      service: "scheduler",
      resource: "schedule-group",
      resourceName: groupName,
    });
    const invoke = new iam.PolicyStatement({
      actions: ["lambda:InvokeFunction"],
      resources: functions.map(({ target }) => target.functionArn),
    });
    return new iam.Role(this, "Role", {
      assumedBy: new iam.ServicePrincipal("scheduler.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": account, "aws:SourceArn": groupArn } },
      }),
      inlinePolicies: { grants: new iam.PolicyDocument({ statements: [invoke] }) },
    });
  }
}
