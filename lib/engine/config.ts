import type { PartnerDriver } from "./define-partner.ts";

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
  readonly customDomain?: { readonly domainName: string; readonly certificateArn: string };
  /** Alarms are mailed here. */
  readonly alarmEmail?: string;
}

/** Types the configuration and checks what types cannot: names that would clash or not deploy. */
export function defineConfig(config: SluiceConfig): SluiceConfig {
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
