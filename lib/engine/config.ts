import * as z from "zod";
import type { PartnerDriver } from "./define-partner.ts";
import type { Retention } from "./retention.ts";
import type { UserPool } from "./user-token.ts";

/** What an adopter edits, in `sluice.config.ts`: plain data, read by the stacks, by the functions' bundles and by the local stack. */
export interface SluiceConfig {
  readonly partners: readonly PartnerDriver[];
  readonly stages: Readonly<Record<string, StageConfig>>;
}

export interface StageConfig {
  /** `prod` keeps its tables and keys when a stack is deleted and protects them; `dev` throws them away. */
  readonly kind: "dev" | "prod";
  readonly account?: string;
  readonly region?: string;
  /** ARN of a policy that bounds every role. */
  readonly permissionsBoundaryArn?: string;
  /** An existing key for credentials, instead of one of Sluice's own. */
  readonly kmsKeyArn?: string;
  /** Keys that credentials were sealed under before: still opened, and moved away from by `sluice credentials re-encrypt`. */
  readonly formerKmsKeyArns?: readonly string[];
  readonly customDomain?: { readonly domainName: string; readonly certificateArn: string };
  /** How long records and their history are kept, in days, where a driver does not say; for ever unless said. */
  readonly retention?: Retention;
  /** A Cognito user pool whose users may call the API, too; keys alone unless said. */
  readonly users?: UserPool;
  /** Alarms are mailed here. */
  readonly alarmEmail?: string;
}

const KeyArn = z.string().regex(/^arn:[^:]+:kms:[^:]+:\d{12}:key\/.+$/, "the ARN of a key");

const Stage = z.strictObject({
  kind: z.enum(["dev", "prod"]),
  account: z
    .string()
    .regex(/^\d{12}$/, "an AWS account has twelve digits")
    .optional(),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "such as eu-west-1")
    .optional(),
  permissionsBoundaryArn: z
    .string()
    .regex(/^arn:[^:]+:iam::[^:]*:policy\/.+$/, "the ARN of a policy")
    .optional(),
  kmsKeyArn: KeyArn.optional(),
  formerKmsKeyArns: z.array(KeyArn).max(5).optional(),
  customDomain: z
    .strictObject({ domainName: z.string().min(1), certificateArn: z.string().startsWith("arn:") })
    .optional(),
  retention: z
    .strictObject({ historyDays: z.number().min(1).optional(), recordsDays: z.number().min(1).optional() })
    .optional(),
  users: z
    .strictObject({
      issuer: z.url({ protocol: /^https$/ }).regex(/[^/]$/, "without a slash at its end"),
      audience: z.string().min(1),
    })
    .optional(),
  alarmEmail: z.email().optional(),
});

/** Types are stripped before anything runs, so a misspelt key or a third kind of stage has to be found here. */
const Config = z.strictObject({
  partners: z.array(z.looseObject({ name: z.string() })),
  stages: z.record(z.string(), Stage).refine((stages) => Object.keys(stages).length > 0, "at least one stage"),
});

/** Types the configuration and checks what types cannot: names that would clash or not deploy. */
export function defineConfig(config: SluiceConfig): SluiceConfig {
  const checked = Config.safeParse(config);
  if (!checked.success) {
    const faults = checked.error.issues.map(
      (issue) => `${issue.path.map(String).join(".") || "(top)"}: ${issue.message}`,
    );
    throw new Error(`sluice.config.ts: ${faults.slice(0, 5).join("; ")}`);
  }
  const names = config.partners.map((partner) => partner.name);
  for (const name of names) {
    if (!/^[a-z][a-z0-9-]{1,30}$/.test(name)) {
      throw new Error(
        `sluice.config.ts: partners: "${name}" is not a usable name; use lower-case letters, digits and dashes, at most 31.`,
      );
    }
    if (names.indexOf(name) !== names.lastIndexOf(name)) {
      throw new Error(`sluice.config.ts: partners: "${name}" is there twice; remove one.`);
    }
  }
  for (const stage of Object.keys(config.stages)) {
    if (!/^[a-z][a-z0-9]{0,15}$/.test(stage)) {
      throw new Error(
        `sluice.config.ts: stages: "${stage}" is not a usable name; use lower-case letters and digits, at most 16.`,
      );
    }
  }
  return config;
}
