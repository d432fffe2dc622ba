import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { SluiceConfig, StageConfig } from "../engine/config.ts";
import type { PartnerDriver } from "../engine/define-partner.ts";
import { functionNameFor } from "../engine/names.ts";
import type { Bundles } from "./bundles.ts";

/** One copy of Sluice: what every stack of it is built from. */
export interface Stage {
  readonly name: string;
  readonly settings: StageConfig;
  readonly partners: readonly PartnerDriver[];
  readonly bundles: Bundles;
}

const localStage: StageConfig = { kind: "dev" };

/**
 * The stage's settings; `local`, the laptop's stage, is there without being configured.
 *
 * @throws when the configuration has no such stage; the message names the key and the choices.
 */
export function settingsOf(config: SluiceConfig, stage: string): StageConfig {
  const settings = config.stages[stage] ?? (stage === "local" ? localStage : undefined);
  if (settings === undefined) {
    const choices = [...new Set([...Object.keys(config.stages), "local"])].join(", ");
    throw new Error(`stage: "${stage}" is not one of the stages in sluice.config.ts; choose one of: ${choices}.`);
  }
  return settings;
}

/** The first configured stage is the default one. */
export function defaultStageOf(config: SluiceConfig): string {
  return Object.keys(config.stages)[0] ?? "local";
}

/** Logs are for finding causes; what must be kept is in the tables. */
export function logRetentionOf(stage: Stage): RetentionDays {
  return stage.settings.kind === "prod" ? RetentionDays.THREE_MONTHS : RetentionDays.TWO_WEEKS;
}

// https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
const functionNameCharsMax = 64;
const longestFunction = "consume-webhooks";

/** @throws when a stage's and a partner's name together make names that AWS would refuse in the middle of a deployment. */
export function checkNames(stage: string, partners: readonly PartnerDriver[]): void {
  for (const { name } of partners) {
    const tooMany = functionNameFor(stage, longestFunction, name).length - functionNameCharsMax;
    if (tooMany <= 0) continue;
    throw new Error(
      `sluice.config.ts: stage "${stage}" and partner "${name}" make function names longer than AWS's ${functionNameCharsMax} characters; shorten one of them by ${tooMany}.`,
    );
  }
}
