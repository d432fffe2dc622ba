import * as z from "zod";
import { AwsError } from "../../front-door/aws-error.ts";
import type { Requirement, ServiceCall, ServiceHandler } from "../../front-door/door-request.ts";
import { textOf, understandJsonTarget, unknownOperation } from "../../front-door/json-target.ts";
import { keyArnOf } from "../key-arn.ts";
import { parseInput } from "../parse-input.ts";
import { secretArnOf, secretNameOf } from "./secret-arn.ts";
import { type SecretStore, type SecretVersion, type StoredSecret, withNewVersion } from "./secret-store.ts";

type Json = Readonly<Record<string, unknown>>;

// A secret value ends at 64 KiB; escaped in JSON it may be six times as long.
const bodyBytesMax = 512 * 1024;
const secretValueBytesMax = 65_536;

const value = z
  .string()
  .refine((text) => Buffer.byteLength(text) <= secretValueBytesMax, "must be at most 65536 bytes");
const token = z.string().min(32).max(64).optional();
const inputs = {
  GetSecretValue: z.object({
    SecretId: z.string(),
    VersionId: z.string().optional(),
    VersionStage: z.string().optional(),
  }),
  PutSecretValue: z.object({
    SecretId: z.string(),
    ClientRequestToken: token,
    SecretString: value.optional(),
    SecretBinary: value.optional(),
    VersionStages: z.array(z.string()).optional(),
  }),
  CreateSecret: z.object({
    Name: z.string().regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/),
    ClientRequestToken: token,
    Description: z.string().optional(),
    KmsKeyId: z.string().optional(),
    SecretString: value.optional(),
    SecretBinary: value.optional(),
  }),
  UpdateSecret: z.object({
    SecretId: z.string(),
    ClientRequestToken: token,
    Description: z.string().optional(),
    KmsKeyId: z.string().optional(),
    SecretString: value.optional(),
    SecretBinary: value.optional(),
  }),
  DescribeSecret: z.object({ SecretId: z.string() }),
  DeleteSecret: z.object({ SecretId: z.string() }),
  ListSecrets: z.object({ MaxResults: z.int().min(1).max(100).optional(), NextToken: z.string().optional() }),
} as const;
type Operation = keyof typeof inputs;

/** Secrets Manager, as far as Sluice calls it. */
export function createSecretService(
  store: SecretStore,
  place: { readonly account: string; readonly region: string },
  nowMs: () => number,
): ServiceHandler {
  return {
    bodyBytesMax,
    understand: understandJsonTarget,
    requirements: (call) => secretRequirements(call, store, place),
    answer: async (call) => ({ kind: "json", output: answer(call, store, place, nowMs()) }),
  };
}

function answer(
  call: ServiceCall,
  store: SecretStore,
  place: { readonly account: string; readonly region: string },
  nowMs: number,
): Json {
  const operation = operationOf(call);
  switch (operation) {
    case "GetSecretValue":
      return getValue(store, parseInput(inputs.GetSecretValue, call.input));
    case "PutSecretValue":
      return putValue(store, parseInput(inputs.PutSecretValue, call.input), nowMs);
    case "CreateSecret":
      return create(store, parseInput(inputs.CreateSecret, call.input), place, nowMs);
    case "UpdateSecret":
      return update(store, parseInput(inputs.UpdateSecret, call.input), nowMs);
    case "DescribeSecret":
      return describe(store.get(parseInput(inputs.DescribeSecret, call.input).SecretId));
    case "DeleteSecret":
      return remove(store, parseInput(inputs.DeleteSecret, call.input).SecretId, nowMs);
    case "ListSecrets":
      return list(store, parseInput(inputs.ListSecrets, call.input));
  }
}

function operationOf(call: ServiceCall): Operation {
  if (call.operation in inputs) return call.operation as Operation; // `in` has just shown that it is a key
  throw unknownOperation(`Secrets Manager ${call.operation}`);
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html; a key of one's own is opened in the caller's name. */
function secretRequirements(
  call: ServiceCall,
  store: SecretStore,
  place: { readonly account: string; readonly region: string },
): Requirement[] {
  const operation = operationOf(call);
  const action = `secretsmanager:${operation}`;
  if (operation === "ListSecrets") return [{ action, resource: "*", context: {} }];
  const nameOrArn = textOf(call.input["SecretId"]) || textOf(call.input["Name"]);
  const stored = store.find(nameOrArn);
  const arn = stored?.arn ?? secretArnOf(secretNameOf(nameOrArn), place.account, place.region);
  const context: Requirement["context"] = {
    "secretsmanager:secretid": [arn],
    ...(operation === "CreateSecret" ? { "secretsmanager:name": [nameOrArn] } : {}),
    ...(operation === "GetSecretValue"
      ? { "secretsmanager:versionstage": [textOf(call.input["VersionStage"]) || "AWSCURRENT"] }
      : {}),
  };
  const own = { action, resource: arn, context };
  const keyId = stored?.kmsKeyId ?? null;
  if (keyId === null) return [own];
  const keyContext = {
    "kms:viaservice": [`secretsmanager.${place.region}.amazonaws.com`],
    "kms:calleraccount": [place.account],
    "kms:encryptioncontext:secretarn": [arn],
  };
  const keyArn = keyArnOf(keyId, place.account, place.region);
  return [
    own,
    ...keyActionsOf(operation).map((keyAction) => ({ action: keyAction, resource: keyArn, context: keyContext })),
  ];
}

/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html */
function keyActionsOf(operation: Operation): string[] {
  if (operation === "GetSecretValue") return ["kms:Decrypt"];
  return operation === "PutSecretValue" || operation === "UpdateSecret" ? ["kms:GenerateDataKey", "kms:Decrypt"] : [];
}

function getValue(store: SecretStore, input: z.infer<typeof inputs.GetSecretValue>): Json {
  const stored = store.get(input.SecretId);
  const stage = input.VersionStage ?? (input.VersionId === undefined ? "AWSCURRENT" : undefined);
  const version = stored.versions.find(
    ({ id, stages }) =>
      (input.VersionId === undefined || id === input.VersionId) && (stage === undefined || stages.includes(stage)),
  );
  if (version === undefined) {
    throw new AwsError(
      "ResourceNotFoundException",
      `Secrets Manager can't find the specified secret value for ${input.VersionId === undefined ? `staging label: ${stage}` : `VersionId: ${input.VersionId}`}`,
    );
  }
  return { ...identity(stored), ...versionFields(version), ...valueFields(version) };
}

function putValue(store: SecretStore, input: z.infer<typeof inputs.PutSecretValue>, nowMs: number): Json {
  const stages = input.VersionStages ?? ["AWSCURRENT"];
  if ((input.SecretString === undefined) === (input.SecretBinary === undefined)) {
    throw new AwsError("InvalidParameterException", "You must provide either SecretString or SecretBinary.");
  }
  const value = { secretString: input.SecretString, secretBinary: input.SecretBinary };
  const next = withNewVersion(store.get(input.SecretId), value, input.ClientRequestToken, stages, nowMs);
  store.put(next.stored);
  return { ...identity(next.stored), VersionId: next.versionId, VersionStages: stages };
}

function create(
  store: SecretStore,
  input: z.infer<typeof inputs.CreateSecret>,
  place: { readonly account: string; readonly region: string },
  nowMs: number,
): Json {
  if (store.find(input.Name) !== null) {
    throw new AwsError(
      "ResourceExistsException",
      `The operation failed because the secret ${input.Name} already exists.`,
    );
  }
  const empty: StoredSecret = {
    name: input.Name,
    arn: secretArnOf(input.Name, place.account, place.region),
    kmsKeyId: input.KmsKeyId ?? null,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
    versions: [],
    ...(input.Description === undefined ? {} : { description: input.Description }),
  };
  const value = { secretString: input.SecretString, secretBinary: input.SecretBinary };
  const hasValue = value.secretString !== undefined || value.secretBinary !== undefined;
  if (!hasValue) {
    store.put(empty);
    return identity(empty);
  }
  const next = withNewVersion(empty, value, input.ClientRequestToken, ["AWSCURRENT"], nowMs);
  store.put(next.stored);
  return { ...identity(next.stored), VersionId: next.versionId };
}

function update(store: SecretStore, input: z.infer<typeof inputs.UpdateSecret>, nowMs: number): Json {
  const stored: StoredSecret = {
    ...store.get(input.SecretId),
    ...(input.Description === undefined ? {} : { description: input.Description }),
    ...(input.KmsKeyId === undefined ? {} : { kmsKeyId: input.KmsKeyId }),
  };
  const value = { secretString: input.SecretString, secretBinary: input.SecretBinary };
  const hasValue = value.secretString !== undefined || value.secretBinary !== undefined;
  if (!hasValue) {
    store.put(stored);
    return identity(stored);
  }
  const next = withNewVersion(stored, value, input.ClientRequestToken, ["AWSCURRENT"], nowMs);
  store.put(next.stored);
  return { ...identity(next.stored), VersionId: next.versionId };
}

/** At once: the recovery window has no use on a laptop. */
function remove(store: SecretStore, secretId: string, nowMs: number): Json {
  const stored = store.get(secretId);
  store.remove(stored.name);
  return { ...identity(stored), DeletionDate: nowMs / 1000 };
}

function list(store: SecretStore, input: z.infer<typeof inputs.ListSecrets>): Json {
  const limit = input.MaxResults ?? 100;
  const page = store.list(limit + 1, input.NextToken);
  const shown = page.slice(0, limit);
  const next = page.length > limit ? { NextToken: shown.at(-1)?.name } : {};
  return { SecretList: shown.map(describe), ...next };
}

function describe(stored: StoredSecret): Json {
  return {
    ...identity(stored),
    ...(stored.description === undefined ? {} : { Description: stored.description }),
    ...(stored.kmsKeyId === null ? {} : { KmsKeyId: stored.kmsKeyId }),
    CreatedDate: stored.createdAtMs / 1000,
    LastChangedDate: stored.changedAtMs / 1000,
    VersionIdsToStages: Object.fromEntries(stored.versions.map((version) => [version.id, version.stages])),
  };
}

function identity(stored: StoredSecret): Json {
  return { ARN: stored.arn, Name: stored.name };
}

function versionFields(version: SecretVersion): Json {
  return { VersionId: version.id, VersionStages: version.stages, CreatedDate: version.createdAtMs / 1000 };
}

function valueFields(version: SecretVersion): Json {
  if (version.secretString !== undefined) return { SecretString: version.secretString };
  return { SecretBinary: version.secretBinary };
}
