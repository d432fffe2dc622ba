import { randomBytes } from "node:crypto";
import type { SecretModel } from "../../types.ts";
import { type SecretStore, type StoredSecret, withNewVersion } from "../secrets/secret-store.ts";

/** Makes the secrets that are missing; those that are there keep their values, whoever set them. */
export function provisionSecrets(store: SecretStore, secrets: readonly SecretModel[], nowMs: number): void {
  for (const model of secrets) {
    const existing = store.find(model.name);
    if (existing !== null) {
      store.put({ ...existing, arn: model.arn, kmsKeyId: model.kmsKeyId });
      continue;
    }
    const { name, arn, kmsKeyId } = model;
    const empty: StoredSecret = { name, arn, kmsKeyId, createdAtMs: nowMs, changedAtMs: nowMs, versions: [] };
    const secretString = initialValue(model.initial);
    if (secretString === null) store.put(empty);
    else store.put(withNewVersion(empty, { secretString }, undefined, ["AWSCURRENT"], nowMs).stored);
  }
}

function initialValue(initial: SecretModel["initial"]): string | null {
  if (initial.kind === "empty") return null;
  if (initial.kind === "literal") return initial.value;
  const generated = randomText(initial.length);
  if (initial.key === "") return generated;
  // The template was read as a JSON object when the model was made.
  const template = JSON.parse(initial.template) as Record<string, unknown>;
  return JSON.stringify({ ...template, [initial.key]: generated });
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Letters and digits, each equally likely: bytes beyond the last whole alphabet are thrown again. */
function randomText(length: number): string {
  const fair = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < fair && text.length < length) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return text;
}
