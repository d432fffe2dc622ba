import { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { SluiceConfig, StageConfig } from "../engine/config.ts";
import type { PartnerDriver } from "../engine/define-partner.ts";
import { claimCheckBucketNameFor, functionNameFor } from "../engine/names.ts";
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

/** @throws when names would come out longer than AWS takes them, which it would say only in the middle of a deployment. */
export function checkNames(stage: string, settings: StageConfig, partners: readonly PartnerDriver[]): void {
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
  const bucket = claimCheckBucketNameFor(stage, "0".repeat(12), settings.region ?? longestRegion);
  checkLength(`the name of stage "${stage}" makes a bucket's name`, bucket, 63);
  for (const { name } of partners) {
    // https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    const longest = functionNameFor(stage, "consume-webhooks", name);
    checkLength(`the names of stage "${stage}" and partner "${name}" make a function's name`, longest, 64);
  }
}

const longestRegion = "ap-southeast-1";

function checkLength(what: string, name: string, charsMax: number): void {
  const tooMany = name.length - charsMax;
  if (tooMany <= 0) return;
  throw new Error(`sluice.config.ts: ${what} longer than AWS's ${charsMax} characters; shorten by ${tooMany}.`);
}
