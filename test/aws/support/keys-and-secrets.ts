import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";

const Input = z.object({
  SecretId: z.string().optional(),
  KeyId: z.string().optional(),
  CiphertextBlob: z.string().optional(),
  EncryptionContext: z.record(z.string(), z.string()).optional(),
  SourceEncryptionContext: z.record(z.string(), z.string()).optional(),
  DestinationEncryptionContext: z.record(z.string(), z.string()).optional(),
  DestinationKeyId: z.string().optional(),
});

interface DataKey {
  readonly keyId: string;
  readonly plaintext: string;
  readonly context: string;
}

/** The calls of KMS and Secrets Manager that the ports make. A data key opens only in the context it was made for. */
export class KeysAndSecrets {
  readonly secrets = new Map<string, string>();
  /** Every call, as `Operation` names. */
  readonly calls: string[] = [];
  /** What happens while KMS is being asked to move a data key. */
  onReEncrypt: () => Promise<void> = async () => {};
  /** Keys that were switched off. */
  readonly disabled = new Set<string>();
  readonly #dataKeys = new Map<string, DataKey>();

  answer(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const operation = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
      this.calls.push(operation);
      const { status, body } = this.#run(operation, Input.parse(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
      void (operation === "ReEncrypt" ? this.onReEncrypt() : Promise.resolve()).then(() =>
        response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body)),
      );
    });
  }

  #run(operation: string, input: z.infer<typeof Input>): { status: number; body: unknown } {
    if (operation === "GetSecretValue") return this.#secret(input.SecretId ?? "");
    if (operation === "GenerateDataKey")
      return this.#makeKey(
        input.KeyId ?? "",
        randomBytes(32).toString("base64"),
        JSON.stringify(input.EncryptionContext),
      );
    if (operation === "ReEncrypt") return this.#moveKey(input);
    if (operation === "Decrypt")
      return this.#openKey(input.CiphertextBlob ?? "", JSON.stringify(input.EncryptionContext));
    return { status: 400, body: { __type: "UnknownOperationException" } };
  }

  #secret(name: string): { status: number; body: unknown } {
    const SecretString = this.secrets.get(name);
    if (SecretString === undefined)
      return { status: 400, body: { __type: "ResourceNotFoundException", Message: "none" } };
    return {
      status: 200,
      body: { Name: name, ARN: `arn:aws:secretsmanager:us-east-1:0:secret:${name}`, SecretString },
    };
  }

  #makeKey(keyId: string, plaintext: string, context: string): { status: number; body: Record<string, unknown> } {
    const ciphertext = randomBytes(48).toString("base64");
    this.#dataKeys.set(ciphertext, { keyId, plaintext, context });
    return { status: 200, body: { Plaintext: plaintext, CiphertextBlob: ciphertext, KeyId: keyId } };
  }

  #moveKey(input: z.infer<typeof Input>): { status: number; body: unknown } {
    const context = JSON.stringify(input.SourceEncryptionContext);
    const opened = this.#openKey(input.CiphertextBlob ?? "", context);
    const former = this.#dataKeys.get(input.CiphertextBlob ?? "");
    if (opened.status !== 200 || former === undefined) return opened;
    const { body } = this.#makeKey(
      input.DestinationKeyId ?? "",
      former.plaintext,
      JSON.stringify(input.DestinationEncryptionContext),
    );
    return { status: 200, body: { ...body, Plaintext: undefined, SourceKeyId: former.keyId } };
  }

  #openKey(ciphertext: string, context: string): { status: number; body: unknown } {
    const key = this.#dataKeys.get(ciphertext);
    if (key === undefined || key.context !== context)
      return { status: 400, body: { __type: "InvalidCiphertextException" } };
    if (this.disabled.has(key.keyId)) return { status: 400, body: { __type: "DisabledException" } };
    return { status: 200, body: { Plaintext: key.plaintext, KeyId: key.keyId } };
  }
}
