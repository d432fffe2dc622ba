import * as z from "zod";
import { openBytes, UnsealError } from "../../../engine/seal.ts";
import type { SealBinding } from "../../../engine/seal.ts";
import type { DoorResponse, ServiceCall } from "../../front-door/door-request.ts";
import type { KnownSecrets, SecretKind } from "./known-secrets.ts";

const SecretAnswer = z.object({ Name: z.string(), SecretString: z.string() });
const PartnerContent = z.looseObject({ connectionKey: z.string() });
const KeyAnswer = z.object({ Plaintext: z.string(), CiphertextBlob: z.string().optional() });
const KeyRequest = z.object({ CiphertextBlob: z.string() });
const Envelope = z.object({ sealed: z.string(), sealedKey: z.string() });
/** What was sealed, to be opened when its key is known. */
interface Sealed {
  readonly owner: string;
  readonly body: string;
}

const sealedMax = 20_000;

/**
 * Learns a world's secrets from the calls that carry them by right: what Secrets Manager and KMS answer, and, opened with that,
 * what is stored sealed (so that every token is known which a partner gave out, also those that were replaced since).
 */
export class SecretLearner {
  readonly #known: KnownSecrets;
  readonly #dataKeys = new Map<string, Buffer>();
  readonly #connectionKeys = new Map<string, string>();
  readonly #sealed = new Map<string, Sealed>();

  constructor(known: KnownSecrets) {
    this.#known = known;
  }

  asked(call: ServiceCall): void {
    // Nothing of ours is sealed elsewhere, and in records the word may be the partner's.
    if (call.service !== "dynamodb" || !String(call.input["TableName"]).endsWith("-connections")) return;
    for (const body of textsIn(call.input)) {
      if (!body.includes("sealed") || this.#sealed.size >= sealedMax) continue;
      this.#sealed.set(body, { owner: ownerOf(call.input), body });
    }
  }

  answered(call: ServiceCall, response: DoorResponse): void {
    if (call.service !== "kms" && call.service !== "secretsmanager") return;
    const answer: unknown = JSON.parse(response.body.toString());
    if (call.service === "kms") this.#learnKey(call, answer);
    else this.#learnSecret(answer);
  }

  /** Opens what was stored sealed; says how much of it stayed shut. */
  openSealed(): { readonly opened: number; readonly shut: readonly string[] } {
    let opened = 0;
    const shut: string[] = [];
    for (const sealed of this.#sealed.values()) {
      const verdict = this.#open(sealed);
      if (verdict === "opened") opened++;
      if (verdict === "shut") shut.push(`what is sealed for ${sealed.owner}`);
    }
    return { opened, shut };
  }

  #learnSecret(answer: unknown): void {
    const parsed = SecretAnswer.safeParse(answer).data;
    if (parsed === undefined) return;
    const content = jsonOf(parsed.SecretString);
    const isApi = parsed.Name.endsWith("/api");
    this.#known.addFields(isApi ? "API key" : "partner's secret", parsed.Name, content ?? parsed.SecretString);
    const partner = parsed.Name.slice(parsed.Name.lastIndexOf("/") + 1);
    const key = PartnerContent.safeParse(content).data?.connectionKey;
    if (key !== undefined) this.#connectionKeys.set(partner, key);
  }

  #learnKey(call: ServiceCall, answer: unknown): void {
    const parsed = KeyAnswer.safeParse(answer).data;
    const blob = parsed?.CiphertextBlob ?? KeyRequest.safeParse(call.input).data?.CiphertextBlob;
    if (parsed === undefined || blob === undefined) return;
    const key = Buffer.from(parsed.Plaintext, "base64");
    this.#dataKeys.set(blob, key);
    this.#known.add("data key", `a data key that ${call.operation} gave out`, key);
  }

  #open({ owner, body }: Sealed): "opened" | "shut" | "something else" {
    const content = jsonOf(body);
    const envelope = Envelope.safeParse(content).data;
    if (envelope !== undefined) {
      const key = this.#dataKeys.get(envelope.sealedKey);
      if (key === undefined) return "shut";
      const binding = { purpose: "credential", context: owner };
      const fields = jsonOf(openBytes(Buffer.from(envelope.sealed, "base64"), key, binding).toString("utf8"));
      this.#known.addFields("connection's credential", owner, fields);
      return "opened";
    }
    const texts = [...sealedIn(content)];
    if (texts.length === 0) return "something else";
    return texts.every((text) => this.#openText(owner, text)) ? "opened" : "shut";
  }

  /** A webhook secret, or what an attempt to connect keeps: sealed under the partner's connection key. */
  #openText(owner: string, text: string): boolean {
    const key = this.#connectionKeys.get(owner.slice(0, owner.indexOf("#")));
    if (key === undefined) return false;
    for (const [purpose, kind] of purposes) {
      const opened = openedOrNull(Buffer.from(text, "base64url"), Buffer.from(key), { purpose, context: owner });
      if (opened === null) continue;
      this.#known.addFields(kind, owner, jsonOf(opened) ?? opened);
      return true;
    }
    return false;
  }
}

const purposes: readonly (readonly [purpose: string, kind: SecretKind])[] = [
  ["webhook-secret", "webhook secret"],
  ["credential-attempt", "connection's credential"],
];

function openedOrNull(sealed: Buffer, key: Buffer, binding: SealBinding): string | null {
  try {
    return openBytes(sealed, key, binding).toString("utf8");
  } catch (error) {
    if (error instanceof UnsealError) return null;
    throw error;
  }
}

/** Texts in fields whose names say that they are sealed: `sealedWebhookSecret`, `sealedCode`. */
function* sealedIn(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    if (/^sealed[A-Z]/.test(name) && typeof member === "string") yield member;
    else yield* sealedIn(member);
  }
}

/** The partition that a write goes to: what is sealed is bound to it. */
function ownerOf(input: ServiceCall["input"]): string {
  const key = z.object({ pk: z.object({ S: z.string() }) });
  const parsed = z.object({ Item: key.optional(), Key: key.optional() }).safeParse(input).data;
  return parsed?.Item?.pk.S ?? parsed?.Key?.pk.S ?? "";
}

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  if (typeof value !== "object" || value === null) return;
  for (const member of Object.values(value)) yield* textsIn(member);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
