import { Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import * as sns from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import { credentialKeyAliasFor } from "../engine/names.ts";
import { alarmTopicNameFor } from "./arns.ts";
import type { Stage } from "./stage.ts";

/** Where every alarm of the stage rings. A given key has to let `cloudwatch.amazonaws.com` use it, as the stage's own does. */
export function makeAlarmTopic(scope: Construct, id: string, stage: Stage): sns.Topic {
  const { kmsKeyArn, alarmEmail } = stage.settings;
  const topic = new sns.Topic(scope, id, {
    topicName: alarmTopicNameFor(stage.name),
    masterKey:
      kmsKeyArn === undefined
        ? kms.Alias.fromAliasName(scope, `${id}Key`, credentialKeyAliasFor(stage.name))
        : kms.Key.fromKeyArn(scope, `${id}Key`, kmsKeyArn),
    enforceSSL: true,
  });
  topic.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: "AlarmsOfThisAccountPublish",
      principals: [new iam.ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["sns:Publish"],
      resources: [topic.topicArn],
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    }),
  );
  if (alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(alarmEmail));
  return topic;
}
