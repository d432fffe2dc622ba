import { randomUUID } from "node:crypto";
import * as z from "zod";
import { AwsError } from "../../front-door/aws-error.ts";
import type { DocumentStore } from "../state/document-store.ts";
import { secretNameOf } from "./secret-arn.ts";

const secretVersion = z.object({
  id: z.string(),
  createdAtMs: z.number(),
  stages: z.array(z.string()),
  secretString: z.string().optional(),
  /** base64 */
  secretBinary: z.string().optional(),
});
const secret = z.object({
  name: z.string(),
  arn: z.string(),
  description: z.string().optional(),
  kmsKeyId: z.string().nullable(),
  createdAtMs: z.number(),
  changedAtMs: z.number(),
  versions: z.array(secretVersion),
});
export type StoredSecret = z.infer<typeof secret>;
export type SecretVersion = z.infer<typeof secretVersion>;

/** Secrets by name, with their current, previous and pending versions. */
export interface SecretStore {
  find(nameOrArn: string): StoredSecret | null;
  /** @throws {AwsError} ResourceNotFoundException */
  get(nameOrArn: string): StoredSecret;
  put(stored: StoredSecret): void;
  remove(name: string): void;
  list(limit: number, afterName?: string): readonly StoredSecret[];
}

export function createSecretStore(documents: DocumentStore): SecretStore {
  const find = (nameOrArn: string): StoredSecret | null => {
    const document = documents.get("secret", secretNameOf(nameOrArn));
    return document === undefined ? null : secret.parse(document);
  };
  return {
    find,
    get(nameOrArn) {
      const found = find(nameOrArn);
      if (found !== null) return found;
      throw new AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    },
    put: (stored) => documents.put("secret", stored.name, stored),
    remove: (name) => void documents.remove("secret", name),
    list: (limit, afterName) =>
      documents.list("secret", limit, afterName).map(({ document }) => secret.parse(document)),
  };
}

const versionsMax = 100;

/**
 * A new version takes AWSCURRENT, and the one before becomes AWSPREVIOUS; the same token with the same value is the same version.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
export function withNewVersion(
  stored: StoredSecret,
  value: { readonly secretString?: string | undefined; readonly secretBinary?: string | undefined },
  token: string | undefined,
  stages: readonly string[],
  nowMs: number,
): { readonly stored: StoredSecret; readonly versionId: string } {
  const versionId = token ?? randomUUID();
  const same = stored.versions.find((version) => version.id === versionId);
  if (same !== undefined) {
    const isEqual = same.secretString === value.secretString && same.secretBinary === value.secretBinary;
    if (isEqual) return { stored, versionId };
    throw new AwsError(
      "ResourceExistsException",
      `You can't use ClientRequestToken ${versionId} because that value is already in use for a version of secret ${stored.arn}.`,
    );
  }
  const takesCurrent = stages.includes("AWSCURRENT");
  const older = stored.versions.map((version) => ({
    ...version,
    stages: stagesAfter(version.stages, stages, takesCurrent),
  }));
  const newest = { id: versionId, createdAtMs: nowMs, stages: [...stages], ...definedOnly(value) };
  const versions = [newest, ...older].filter((version) => version.stages.length > 0).slice(0, versionsMax);
  return { stored: { ...stored, changedAtMs: nowMs, versions }, versionId };
}

function stagesAfter(had: readonly string[], taken: readonly string[], takesCurrent: boolean): string[] {
  if (takesCurrent && had.includes("AWSCURRENT")) return ["AWSPREVIOUS"];
  return had.filter((stage) => !taken.includes(stage) && !(takesCurrent && stage === "AWSPREVIOUS"));
}

function definedOnly(value: { secretString?: string | undefined; secretBinary?: string | undefined }): {
  secretString?: string;
  secretBinary?: string;
} {
  return {
    ...(value.secretString === undefined ? {} : { secretString: value.secretString }),
    ...(value.secretBinary === undefined ? {} : { secretBinary: value.secretBinary }),
  };
}
