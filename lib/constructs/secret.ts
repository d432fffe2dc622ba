import { RemovalPolicy } from "aws-cdk-lib";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { acknowledge } from "./acknowledge.ts";
import type { Stage } from "./stage.ts";

export interface SecretProps {
  readonly stage: Stage;
  readonly name: string;
  readonly description: string;
  /** The field that is generated, once: changing any of this later would generate it anew. */
  readonly generatedField: string;
  readonly otherFields: Readonly<Record<string, unknown>>;
}

/** A secret with one generated field; what people add to it beside that stays when the stack is deployed again. */
export function makeSecret(scope: Construct, id: string, props: SecretProps): secretsmanager.Secret {
  const secret = new secretsmanager.Secret(scope, id, {
    secretName: props.name,
    description: props.description,
    generateSecretString: {
      secretStringTemplate: JSON.stringify(props.otherFields),
      generateStringKey: props.generatedField,
      passwordLength: 48,
      excludePunctuation: true,
    },
    removalPolicy: props.stage.settings.kind === "prod" ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  acknowledge(secret, {
    "AwsSolutions-SMG4":
      "Connection ids and sealed webhook secrets hang on the generated key, and callers on the API's: rotating by the calendar would cut them off.",
  });
  return secret;
}
