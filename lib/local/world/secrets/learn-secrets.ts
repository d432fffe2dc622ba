import * as z from "zod";
import { openBytes, unseal } from "../../../engine/seal.ts";
import type { DoorResponse, ServiceCall } from "../../front-door/door-request.ts";
import type { KnownSecrets } from "./known-secrets.ts";

const SecretAnswer = z.object({ Name: z.string(), SecretString: z.string() });
const PartnerContent = z.looseObject({ connectionKey: z.string() });
const KeyAnswer = z.object({ Plaintext: z.string(), CiphertextBlob: z.string().optional() });
const KeyRequest = z.object({ CiphertextBlob: z.string() });
const Envelope = z.object({ sealed: z.string(), sealedKey: z.string() });
const ConnectionBody = z.object({
  partner: z.string(),
  connectionId: z.string(),
  sealedWebhookSecret: z.string(),
});

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
    if (call.service !== "dynamodb" || !call.request.body.includes("sealed")) return;
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
    const connection = ConnectionBody.safeParse(content).data;
    if (connection === undefined) return "something else";
    const { partner, connectionId, sealedWebhookSecret } = connection;
    const key = this.#connectionKeys.get(partner);
    if (key === undefined) return "shut";
    const context = `${partner}#${connectionId}`;
    this.#known.add("webhook secret", context, unseal(sealedWebhookSecret, key, context));
    return "opened";
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
