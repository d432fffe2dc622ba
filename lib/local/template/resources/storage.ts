import * as z from "zod";
import { secretArnOf } from "../../services/secrets/secret-arn.ts";
import { generatedName, generatedUuid } from "../physical-name.ts";
import { policyDocument, resourceStatements } from "../policy-document.ts";
import { flag, ignored, integer, tags } from "../properties.ts";
import { named, resourceType } from "../resource-type.ts";

const encryption = z.strictObject({
  ServerSideEncryptionConfiguration: z.array(
    z.strictObject({
      BucketKeyEnabled: ignored("data keys are not cached here"),
      ServerSideEncryptionByDefault: z
        .strictObject({ SSEAlgorithm: z.string(), KMSMasterKeyID: z.string().optional() })
        .optional(),
    }),
  ),
});

export const bucket = resourceType({
  type: "AWS::S3::Bucket",
  schema: z.strictObject({
    BucketName: z.string().optional(),
    BucketEncryption: encryption.optional(),
    LifecycleConfiguration: ignored("objects stay until the data folder is deleted"),
    OwnershipControls: ignored("there is one owner"),
    PublicAccessBlockConfiguration: ignored("anonymous calls are denied anyway"),
    VersioningConfiguration: ignored("an object has one version here"),
    LoggingConfiguration: ignored("there are no access logs here"),
    Tags: tags,
  }),
  identify: ({ stack, logicalId, region, property }) => {
    const name = property("BucketName") ?? generatedName(stack, logicalId, 63).toLowerCase();
    const attributes = {
      Arn: `arn:aws:s3:::${name}`,
      DomainName: `${name}.s3.amazonaws.com`,
      RegionalDomainName: `${name}.s3.${region}.amazonaws.com`,
    };
    return { name, ref: name, attributes };
  },
  add(draft, { identity, properties }) {
    const rules = properties.BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
    const kmsKeyId = rules[0]?.ServerSideEncryptionByDefault?.KMSMasterKeyID;
    const { name } = identity;
    draft.buckets.push({ name, arn: `arn:aws:s3:::${name}`, ...(kmsKeyId === undefined ? {} : { kmsKeyId }) });
  },
});

export const bucketPolicy = resourceType({
  type: "AWS::S3::BucketPolicy",
  schema: z.strictObject({ Bucket: z.string(), PolicyDocument: policyDocument }),
  identify: ({ stack, logicalId }) => named(generatedName(stack, logicalId, 256)),
  add(draft, { properties }) {
    const statements = resourceStatements(properties.PolicyDocument);
    draft.resourcePolicies.push({ resourceArn: `arn:aws:s3:::${properties.Bucket}`, statements });
  },
});

/** Generated values are letters and digits: no other character can be asked for, and none of these excluded. */
const generation = z.strictObject({
  SecretStringTemplate: z.string().refine(isJsonObject, "must be a JSON object").optional(),
  GenerateStringKey: z.string().optional(),
  PasswordLength: integer.optional(),
  ExcludePunctuation: ignored("generated values have none"),
  ExcludeCharacters: z
    .string()
    .regex(/^[^A-Za-z0-9]*$/, "must not exclude letters or digits here")
    .optional(),
  IncludeSpace: z.literal(false, "generated values have no spaces here").optional(),
});

export const secret = resourceType({
  type: "AWS::SecretsManager::Secret",
  schema: z.strictObject({
    Name: z.string().optional(),
    Description: ignored("nobody reads it here"),
    SecretString: z.string().optional(),
    GenerateSecretString: generation.optional(),
    KmsKeyId: z.string().optional(),
    Tags: tags,
  }),
  identify: ({ stack, logicalId, account, region, property }) => {
    const name = property("Name") ?? generatedName(stack, logicalId, 512);
    const arn = secretArnOf(name, account, region);
    return { name, ref: arn, attributes: { Id: arn } };
  },
  add(draft, { identity, properties }) {
    const { SecretString: literal, GenerateSecretString: generate } = properties;
    const kmsKeyId = properties.KmsKeyId ?? null;
    const secretModel = { name: identity.name, arn: identity.ref, kmsKeyId };
    if (literal !== undefined) {
      draft.secrets.push({ ...secretModel, initial: { kind: "literal", value: literal } });
    } else if (generate !== undefined) {
      const template = generate.SecretStringTemplate ?? "";
      const key = generate.GenerateStringKey ?? "";
      if ((template === "") !== (key === "")) {
        throw new Error("property GenerateSecretString: SecretStringTemplate and GenerateStringKey go together");
      }
      const length = generate.PasswordLength ?? 32;
      draft.secrets.push({ ...secretModel, initial: { kind: "generated", template, key, length } });
    } else {
      draft.secrets.push({ ...secretModel, initial: { kind: "empty" } });
    }
  },
});

export const key = resourceType({
  type: "AWS::KMS::Key",
  schema: z.strictObject({
    KeyPolicy: policyDocument,
    Description: ignored("nobody reads it here"),
    EnableKeyRotation: ignored("a key that never leaves the data folder is not rotated"),
    RotationPeriodInDays: ignored("a key that never leaves the data folder is not rotated"),
    PendingWindowInDays: ignored("a key goes when its data folder is deleted"),
    Enabled: z.literal(true, "a disabled key is of no use here").optional(),
    KeySpec: z.literal("SYMMETRIC_DEFAULT").optional(),
    KeyUsage: z.literal("ENCRYPT_DECRYPT").optional(),
    MultiRegion: flag.refine((value) => !value, "the local stack has one region").optional(),
    Tags: tags,
  }),
  identify: ({ stack, logicalId, account, region }) => {
    const id = generatedUuid(stack, logicalId);
    return { name: id, ref: id, attributes: { Arn: `arn:aws:kms:${region}:${account}:key/${id}`, KeyId: id } };
  },
  add(draft, { identity, properties }) {
    const arn = identity.attributes["Arn"] ?? "";
    draft.keys.push({ id: identity.name, arn });
    // "*" in a key's policy is the key itself, and so is its ARN.
    draft.resourcePolicies.push({ resourceArn: arn, statements: resourceStatements(properties.KeyPolicy) });
  },
});

export const keyAlias = resourceType({
  type: "AWS::KMS::Alias",
  schema: z.strictObject({ AliasName: z.string().startsWith("alias/"), TargetKeyId: z.string() }),
  identify: ({ stack, logicalId, property }) => named(property("AliasName") ?? generatedName(stack, logicalId, 256)),
  add(draft, { identity, properties }) {
    draft.aliases.push({ name: identity.name, target: properties.TargetKeyId });
  },
});

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
