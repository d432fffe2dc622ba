import { randomBytes } from "node:crypto";
import * as z from "zod";
import { AwsError } from "../../front-door/aws-error.ts";
import type { Requirement, ServiceCall, ServiceHandler } from "../../front-door/door-request.ts";
import { understandJsonTarget, unknownOperation } from "../../front-door/json-target.ts";
import { parseInput } from "../parse-input.ts";
import { type EncryptionContext, keyIdOf, open, seal } from "./envelope.ts";
import type { KeyStore, StoredKey } from "./key-store.ts";

type Json = Readonly<Record<string, unknown>>;

const bodyBytesMax = 64 * 1024;

const context = z.record(z.string(), z.string()).default({});
const bytes = z.base64().transform((text) => Buffer.from(text, "base64"));
const inputs = {
  GenerateDataKey: z.object({
    KeyId: z.string(),
    EncryptionContext: context,
    KeySpec: z.enum(["AES_256", "AES_128"]).optional(),
    NumberOfBytes: z.int().min(1).max(1024).optional(),
  }),
  Encrypt: z.object({
    KeyId: z.string(),
    EncryptionContext: context,
    Plaintext: bytes.refine((plaintext) => plaintext.length <= 4096, "must be at most 4096 bytes"),
  }),
  Decrypt: z.object({ KeyId: z.string().optional(), EncryptionContext: context, CiphertextBlob: bytes }),
  ReEncrypt: z.object({
    CiphertextBlob: bytes,
    SourceEncryptionContext: context,
    SourceKeyId: z.string().optional(),
    DestinationKeyId: z.string(),
    DestinationEncryptionContext: context,
  }),
  DescribeKey: z.object({ KeyId: z.string() }),
} as const;

/** KMS with symmetric keys, as far as Sluice calls it. */
export function createKeyService(
  store: KeyStore,
  place: { readonly account: string; readonly region: string },
): ServiceHandler {
  return {
    bodyBytesMax,
    understand: understandJsonTarget,
    requirements: (call) => requirements(call, store, place.account),
    answer: async (call) => ({ kind: "json", output: answer(call, store, place.account) }),
  };
}

function answer(call: ServiceCall, store: KeyStore, account: string): Json {
  switch (call.operation) {
    case "GenerateDataKey":
    case "GenerateDataKeyWithoutPlaintext":
      return generate(call, store);
    case "Encrypt": {
      const input = parseInput(inputs.Encrypt, call.input);
      const key = store.get(input.KeyId);
      return { ...sealed(store, key, input.Plaintext, input.EncryptionContext), KeyId: key.arn };
    }
    case "Decrypt": {
      const input = parseInput(inputs.Decrypt, call.input);
      const key = keyOfBlob(store, input.CiphertextBlob, input.KeyId);
      const plaintext = open(store.materialOf(key), input.CiphertextBlob, input.EncryptionContext);
      return { Plaintext: plaintext.toString("base64"), KeyId: key.arn, EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
    }
    case "ReEncrypt":
      return reEncrypt(call, store);
    case "DescribeKey":
      return describe(store.get(parseInput(inputs.DescribeKey, call.input).KeyId), account);
    default:
      throw unknownOperation(`KMS ${call.operation}`);
  }
}

function generate(call: ServiceCall, store: KeyStore): Json {
  const input = parseInput(inputs.GenerateDataKey, call.input);
  if ((input.KeySpec === undefined) === (input.NumberOfBytes === undefined)) {
    throw new AwsError("ValidationException", "Please specify either number of bytes or key spec.");
  }
  const key = store.get(input.KeyId);
  const plaintext = randomBytes(input.NumberOfBytes ?? (input.KeySpec === "AES_128" ? 16 : 32));
  const { CiphertextBlob: blob } = sealed(store, key, plaintext, input.EncryptionContext);
  const shown = call.operation === "GenerateDataKey" ? { Plaintext: plaintext.toString("base64") } : {};
  return { CiphertextBlob: blob, ...shown, KeyId: key.arn };
}

function reEncrypt(call: ServiceCall, store: KeyStore): Json {
  const input = parseInput(inputs.ReEncrypt, call.input);
  const source = keyOfBlob(store, input.CiphertextBlob, input.SourceKeyId);
  const plaintext = open(store.materialOf(source), input.CiphertextBlob, input.SourceEncryptionContext);
  const destination = store.get(input.DestinationKeyId);
  return {
    ...sealed(store, destination, plaintext, input.DestinationEncryptionContext),
    SourceKeyId: source.arn,
    KeyId: destination.arn,
  };
}

function sealed(store: KeyStore, key: StoredKey, plaintext: Buffer, encryptionContext: EncryptionContext): Json {
  const blob = seal(key.id, store.materialOf(key), plaintext, encryptionContext);
  return { CiphertextBlob: blob.toString("base64"), EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
}

function keyOfBlob(store: KeyStore, blob: Buffer, named: string | undefined): StoredKey {
  const key = store.get(keyIdOf(blob));
  if (named === undefined || store.get(named).id === key.id) return key;
  throw new AwsError(
    "IncorrectKeyException",
    "The key ID in the request does not identify a CMK that can perform this operation.",
  );
}

function describe(key: StoredKey, account: string): Json {
  const metadata = {
    AWSAccountId: account,
    KeyId: key.id,
    Arn: key.arn,
    Enabled: true,
    KeyState: "Enabled",
    KeyUsage: "ENCRYPT_DECRYPT",
    KeyManager: "CUSTOMER",
    KeySpec: "SYMMETRIC_DEFAULT",
    Origin: "AWS_KMS",
    MultiRegion: false,
  };
  return { KeyMetadata: metadata };
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html */
function requirements(call: ServiceCall, store: KeyStore, account: string): Requirement[] {
  const need = (action: string, keyId: string, encryptionContext: EncryptionContext): Requirement => ({
    action,
    resource: store.get(keyId).arn,
    context: { ...contextKeys(keyId, encryptionContext, account), "kms:resourcealiases": store.get(keyId).aliases },
  });
  switch (call.operation) {
    case "Decrypt": {
      const input = parseInput(inputs.Decrypt, call.input);
      return [need("kms:Decrypt", input.KeyId ?? keyIdOf(input.CiphertextBlob), input.EncryptionContext)];
    }
    case "ReEncrypt": {
      const input = parseInput(inputs.ReEncrypt, call.input);
      const from = need("kms:ReEncryptFrom", keyIdOf(input.CiphertextBlob), input.SourceEncryptionContext);
      return [from, need("kms:ReEncryptTo", input.DestinationKeyId, input.DestinationEncryptionContext)];
    }
    case "DescribeKey":
      return [need("kms:DescribeKey", parseInput(inputs.DescribeKey, call.input).KeyId, {})];
    case "Encrypt":
    case "GenerateDataKey":
    case "GenerateDataKeyWithoutPlaintext": {
      const input = parseInput(z.object({ KeyId: z.string(), EncryptionContext: context }), call.input);
      return [need(`kms:${call.operation}`, input.KeyId, input.EncryptionContext)];
    }
    default:
      throw unknownOperation(`KMS ${call.operation}`);
  }
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html */
function contextKeys(keyId: string, encryptionContext: EncryptionContext, account: string): Requirement["context"] {
  const names = Object.keys(encryptionContext);
  const pairs = Object.entries(encryptionContext).map(
    ([name, value]) => [`kms:encryptioncontext:${name.toLowerCase()}`, [value]] as const,
  );
  const alias = keyId.includes("alias/") ? { "kms:requestalias": [keyId.slice(keyId.indexOf("alias/"))] } : {};
  const keys = names.length === 0 ? {} : { "kms:encryptioncontextkeys": names };
  return { "kms:calleraccount": [account], ...keys, ...alias, ...Object.fromEntries(pairs) };
}
