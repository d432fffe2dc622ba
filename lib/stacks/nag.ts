import { Validations, type App } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";

/** Makes synthesis fail on what AWS Solutions' rules find; costs some seconds, so it is asked for (`-c nag=true`). */
export function addNag(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
}
