import { RemovalPolicy, Stack } from "aws-cdk-lib";
import type * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as events from "aws-cdk-lib/aws-events";
import type { Construct } from "constructs";
import { ChangePublisher } from "../constructs/change-publisher.ts";
import { makeClaimCheckBucket } from "../constructs/claim-check-bucket.ts";
import { makeCredentialKey } from "../constructs/credential-key.ts";
import { makeSecret } from "../constructs/secret.ts";
import type { Stage } from "../constructs/stage.ts";
import { makeTable } from "../constructs/table.ts";
import { tableShapes } from "../constructs/table-shapes.ts";
import { apiSecretNameFor, eventBusNameFor, tableNames } from "../engine/names.ts";
import type { TableName } from "../engine/names.ts";
import { stackNameOf, stackPropsOf } from "./stack-props.ts";

/** What outlives everything else: tables, the credential key, large bodies, the bus, the API's key. */
export class StateStack extends Stack {
  constructor(scope: Construct, stage: Stage) {
    super(scope, stackNameOf(stage, "State"), stackPropsOf(stage, "State"));
    const make = (name: TableName): dynamodb.Table => makeTable(this, `Table-${name}`, stage, name, tableShapes[name]);
    const told = { records: make("records"), connections: make("connections"), failures: make("failures") };
    for (const name of tableNames) if (!(name in told)) make(name);
    // Beside the tables, because nobody can derive a stream's ARN from a name.
    new ChangePublisher(this, "ChangePublisher", stage, told);
    if (stage.settings.kmsKeyArn === undefined) {
      makeCredentialKey(this, "CredentialKey", stage);
    }
    makeClaimCheckBucket(this, "ClaimChecks", stage);
    const bus = new events.EventBus(this, "Bus", { eventBusName: eventBusNameFor(stage.name) });
    bus.applyRemovalPolicy(stage.settings.kind === "prod" ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY);
    makeSecret(this, "ApiSecret", {
      stage,
      name: apiSecretNameFor(stage.name),
      description: `Sluice ${stage.name}: key of the HTTP API`,
      generatedField: "apiKey",
      otherFields: {},
    });
  }
}
