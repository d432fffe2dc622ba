import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { credentialKeyAliasFor } from "../engine/names.ts";
import type { Stage } from "./stage.ts";

/** The stage's own key: seals connections' credentials, and encrypts the alarm topic. */
export function makeCredentialKey(scope: Construct, id: string, stage: Stage): kms.Key {
  const prod = stage.settings.kind === "prod";
  const key = new kms.Key(scope, id, {
    alias: credentialKeyAliasFor(stage.name),
    description: `Sluice ${stage.name}: credentials of connections`,
    enableKeyRotation: true,
    pendingWindow: Duration.days(prod ? 30 : 7),
    removalPolicy: prod ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  key.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: "AlarmsPublishToTheEncryptedTopic",
      principals: [new iam.ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: ["*"],
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    }),
  );
  return key;
}
