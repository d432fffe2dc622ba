import { secretBytesMin } from "./secret-forms.ts";

export const secretKinds = [
  "API key",
  "partner's secret",
  "webhook secret",
  "connection's credential",
  "data key",
  "function's AWS credential",
] as const;
export type SecretKind = (typeof secretKinds)[number];

export interface KnownSecret {
  readonly kind: SecretKind;
  /** What it is, for whoever reads a finding; never the value. */
  readonly name: string;
  readonly value: Buffer;
}

/** Fields beside secrets that are none: they name an app or a scope, and partners print them themselves. */
const publicFields: ReadonlySet<string> = new Set(["clientId", "redirectUri", "scopes", "scopesTaken", "tokenType"]);
/** A run has a few dozen; a world that makes thousands is a fault of its own. */
const secretsMax = 20_000;

/** The secrets of a world, each once, whatever way it became known. */
export class KnownSecrets {
  readonly #byValue = new Map<string, KnownSecret>();

  add(kind: SecretKind, name: string, value: string | Buffer): void {
    const bytes = Buffer.from(value);
    const key = bytes.toString("latin1");
    if (bytes.byteLength < secretBytesMin || /^[\d,.-]*$/.test(key) || this.#byValue.has(key)) return;
    if (this.#byValue.size >= secretsMax) throw new Error(`more than ${secretsMax} secrets: what are they?`);
    this.#byValue.set(key, { kind, name, value: bytes });
  }

  /** Every text of a structure, but those in fields that are public. */
  addFields(kind: SecretKind, name: string, fields: unknown): void {
    if (typeof fields === "string") return this.add(kind, name, fields);
    if (typeof fields !== "object" || fields === null) return;
    for (const [field, value] of Object.entries(fields))
      if (!publicFields.has(field)) this.addFields(kind, `${name} ${field}`, value);
  }

  all(): readonly KnownSecret[] {
    return [...this.#byValue.values()];
  }

  countOf(kind: SecretKind): number {
    return this.all().filter((secret) => secret.kind === kind).length;
  }
}
