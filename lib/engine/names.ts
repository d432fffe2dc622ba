import type { Lane } from "./job.ts";

/**
 * Physical names, derived from the stage alone. Stacks name things by them and functions find things by them, so that no
 * stack exports anything to another and a partner can be added or removed on its own.
 */
export function prefixFor(stage: string): string {
  return `sluice-${stage}`;
}

export const tableNames = [
  "connections",
  "records",
  "history",
  "runs",
  "token-buckets",
  "idempotency",
  "failures",
  "audit",
] as const;
export type TableName = (typeof tableNames)[number];

export function tableNameFor(stage: string, table: TableName): string {
  return `${prefixFor(stage)}-${table}`;
}

export function laneQueueNameFor(stage: string, partner: string, lane: Lane): string {
  return `${prefixFor(stage)}-${partner}-${lane}`;
}

export function deadLetterQueueNameFor(stage: string, partner: string): string {
  return `${prefixFor(stage)}-${partner}-dlq`;
}

/** Changes of records that could not be published. */
export function changesDeadLetterQueueNameFor(stage: string): string {
  return `${prefixFor(stage)}-changes-dlq`;
}

/** The partner's app: `{ connectionKey, webhookSecrets: [], app: {} }`. */
export function partnerSecretNameFor(stage: string, partner: string): string {
  return `${prefixFor(stage)}/partners/${partner}`;
}

/** The API's first key: `{ apiKey }`. */
export function apiSecretNameFor(stage: string): string {
  return `${prefixFor(stage)}/api`;
}

export function credentialKeyAliasFor(stage: string): string {
  return `alias/${prefixFor(stage)}`;
}

export function claimCheckBucketNameFor(stage: string, account: string, region: string): string {
  return `${prefixFor(stage)}-claim-checks-${account}-${region}`;
}

export function eventBusNameFor(stage: string): string {
  return `${prefixFor(stage)}-events`;
}

export function functionNameFor(stage: string, lambda: string, partner?: string): string {
  return partner === undefined ? `${prefixFor(stage)}-${lambda}` : `${prefixFor(stage)}-${partner}-${lambda}`;
}

/** Works a partner's lanes by hand; the API invokes it. */
export function emergencyFunctionNameFor(stage: string, partner: string): string {
  return functionNameFor(stage, "emergency-work", partner);
}
