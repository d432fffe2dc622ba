import * as z from "zod";
import type { Retention } from "../engine/retention.ts";
import { sandboxHostsIn } from "./sandbox-hosts.ts";
import type { SandboxHosts } from "./sandbox-hosts.ts";

/** The variables of a process, as `process.env` has them. */
export type EnvironmentSource = Readonly<Record<string, string | undefined>>;

/** What a function was deployed with; every name that is not here follows from the stage. */
export interface Environment {
  readonly stage: string;
  /** null for functions that serve the whole stage. */
  readonly partner: string | null;
  /** Ends in a slash; a queue's name after it is the queue's URL. */
  readonly queueBaseUrl: string;
  readonly claimBucket: string;
  /** ARN of the key of connections' credentials, or of its alias. */
  readonly keyId: string;
  readonly region: string;
  /** Where a service answers, when not at its public address. */
  readonly endpoints: Readonly<Record<ServiceName, string | null>>;
  readonly sandboxHosts: SandboxHosts;
  /** Where a driver says nothing. */
  readonly retention: Retention;
}

/** Names as the SDKs' own variables have them: `AWS_ENDPOINT_URL_<NAME>`. */
export const serviceNames = ["DYNAMODB", "SQS", "S3", "KMS", "SECRETS_MANAGER", "LAMBDA", "EVENTBRIDGE"] as const;
export type ServiceName = (typeof serviceNames)[number];

/** The function refuses to start: these variables are missing or malformed. */
export class EnvironmentError extends Error {
  readonly keys: readonly string[];

  constructor(faults: readonly { readonly key: string; readonly fault: string }[]) {
    super(`refusing to start: ${faults.map(({ key, fault }) => `${key}: ${fault}`).join("; ")}`);
    this.name = "EnvironmentError";
    this.keys = faults.map(({ key }) => key);
  }
}

const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http or https URL" });

const Variables = z.object({
  SLUICE_STAGE: z.string().regex(/^[a-z][a-z0-9]{0,15}$/, "must be lower-case letters and digits, at most 16"),
  SLUICE_PARTNER: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,30}$/, "must be a partner's name")
    .optional(),
  SLUICE_QUEUE_BASE_URL: httpUrl.refine((url) => url.endsWith("/"), "must end in a slash"),
  SLUICE_CLAIM_BUCKET: z.string().regex(/^[a-z0-9][a-z0-9.-]{2,62}$/, "must be a bucket's name"),
  SLUICE_KEY_ID: z.string().startsWith("arn:", "must be the ARN of a key or of an alias"),
  AWS_REGION: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be a region"),
  AWS_ENDPOINT_URL: httpUrl.optional(),
  SLUICE_SANDBOX_HOSTS: z.string().optional(),
  SLUICE_RETENTION: z.string().optional().transform(retentionIn),
});

const Days = z.strictObject({
  historyDays: z.number().min(1).exactOptional(),
  recordsDays: z.number().min(1).exactOptional(),
});

function retentionIn(given: string | undefined, context: z.core.$RefinementCtx): Retention {
  if (given === undefined) return {};
  const parsed = Days.safeParse(parsedJson(given));
  if (parsed.success) return parsed.data;
  context.addIssue({ code: "custom", message: "must be JSON of historyDays and recordsDays, at least 1" });
  return z.NEVER;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Throws `EnvironmentError` naming every key that is at fault, and never a value. */
export function readEnvironment(source: EnvironmentSource): Environment {
  const parsed = Variables.safeParse(source);
  if (!parsed.success) {
    throw new EnvironmentError(
      parsed.error.issues.map((issue) => {
        const key = String(issue.path[0]);
        return { key, fault: source[key] === undefined ? "is missing" : issue.message };
      }),
    );
  }
  const variables = parsed.data;
  return {
    stage: variables.SLUICE_STAGE,
    partner: variables.SLUICE_PARTNER ?? null,
    queueBaseUrl: variables.SLUICE_QUEUE_BASE_URL,
    claimBucket: variables.SLUICE_CLAIM_BUCKET,
    keyId: variables.SLUICE_KEY_ID,
    region: variables.AWS_REGION,
    endpoints: endpointsIn(source, variables.AWS_ENDPOINT_URL ?? null),
    retention: variables.SLUICE_RETENTION,
    sandboxHosts: sandboxHosts(variables.SLUICE_SANDBOX_HOSTS, variables.AWS_ENDPOINT_URL),
  };
}

/** The partner that this function belongs to. Throws `EnvironmentError` where it belongs to none. */
export function partnerOf(environment: Environment): string {
  if (environment.partner === null) throw new EnvironmentError([{ key: "SLUICE_PARTNER", fault: "is missing" }]);
  return environment.partner;
}

function endpointsIn(source: EnvironmentSource, all: string | null): Environment["endpoints"] {
  const at = (service: ServiceName): string | null => {
    const key = `AWS_ENDPOINT_URL_${service}`;
    const own = httpUrl.optional().safeParse(source[key]);
    if (!own.success) throw new EnvironmentError([{ key, fault: "must be an http or https URL" }]);
    return own.data ?? all;
  };
  return {
    DYNAMODB: at("DYNAMODB"),
    SQS: at("SQS"),
    S3: at("S3"),
    KMS: at("KMS"),
    SECRETS_MANAGER: at("SECRETS_MANAGER"),
    LAMBDA: at("LAMBDA"),
    EVENTBRIDGE: at("EVENTBRIDGE"),
  };
}

function sandboxHosts(text: string | undefined, endpoint: string | undefined): SandboxHosts {
  const hosts = sandboxHostsIn(text, endpoint);
  if (hosts.kind === "refused") throw new EnvironmentError([{ key: "SLUICE_SANDBOX_HOSTS", fault: hosts.fault }]);
  return hosts.hosts;
}
