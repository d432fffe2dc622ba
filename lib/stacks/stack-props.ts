import type { StackProps } from "aws-cdk-lib";
import type { Stage } from "../constructs/stage.ts";

/** A stack's name, which is also what `cdk deploy` and `cdk destroy` call it. */
export function stackNameOf(stage: Stage, part: string, partner?: string): string {
  return ["Sluice", stage.name, part, ...(partner === undefined ? [] : [partner])].join("-");
}

/** Place and tags of a stack; account and region are open when neither the stage nor the CDK's environment says them. */
export function stackPropsOf(stage: Stage, part: string, partner?: string): StackProps {
  const account = stage.settings.account ?? process.env["CDK_DEFAULT_ACCOUNT"];
  const region = stage.settings.region ?? process.env["CDK_DEFAULT_REGION"];
  return {
    description: partner === undefined ? `Sluice ${stage.name}: ${part}` : `Sluice ${stage.name}: partner ${partner}`,
    env: { ...(account !== undefined && { account }), ...(region !== undefined && { region }) },
    tags: { "sluice:stage": stage.name, ...(partner !== undefined && { "sluice:partner": partner }) },
    terminationProtection: stage.settings.kind === "prod" && part === "State",
  };
}
