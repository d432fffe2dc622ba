import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import * as z from "zod";

const Input = z.object({
  SecretId: z.string().optional(),
  KeyId: z.string().optional(),
  CiphertextBlob: z.string().optional(),
  EncryptionContext: z.record(z.string(), z.string()).optional(),
});

/** The three calls of KMS and Secrets Manager that the ports make. A data key opens only in the context it was made for. */
export class KeysAndSecrets {
  readonly secrets = new Map<string, string>();
  /** Every call, as `Operation` names. */
  readonly calls: string[] = [];
  readonly #dataKeys = new Map<string, { readonly plaintext: string; readonly context: string }>();

  answer(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const operation = String(request.headers["x-amz-target"]).split(".")[1] ?? "";
      this.calls.push(operation);
      const { status, body } = this.#run(operation, Input.parse(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
    });
  }

  #run(operation: string, input: z.infer<typeof Input>): { status: number; body: unknown } {
    if (operation === "GetSecretValue") return this.#secret(input.SecretId ?? "");
    if (operation === "GenerateDataKey") return this.#makeKey(JSON.stringify(input.EncryptionContext));
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

  #makeKey(context: string): { status: number; body: unknown } {
    const plaintext = randomBytes(32).toString("base64");
    const ciphertext = randomBytes(48).toString("base64");
    this.#dataKeys.set(ciphertext, { plaintext, context });
    return { status: 200, body: { Plaintext: plaintext, CiphertextBlob: ciphertext, KeyId: "key" } };
  }

  #openKey(ciphertext: string, context: string): { status: number; body: unknown } {
    const key = this.#dataKeys.get(ciphertext);
    if (key === undefined || key.context !== context)
      return { status: 400, body: { __type: "InvalidCiphertextException" } };
    return { status: 200, body: { Plaintext: key.plaintext, KeyId: "key" } };
  }
}
