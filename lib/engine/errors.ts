/** The class of a failed call; what happens next follows from it and from nothing else. */
export type ErrorKind = "transient" | "rate" | "client" | "auth" | "data";

/** What was expected and what came, so that nobody has to guess from a sentence. Never holds a secret. */
export interface ErrorCause {
  readonly expected: string;
  readonly actual: string;
  /** The call that failed, sanitised, at most 1 KB. */
  readonly call?: string;
}

export interface PartnerErrorInit {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly partner: string;
  readonly message: string;
  readonly cause: ErrorCause;
  readonly retryAfterMs?: number;
}

const brand: unique symbol = Symbol.for("sluice.partner-error");

/**
 * The one error of a partner's call. Decide on `kind` and `code`, never on `message`.
 *
 * @example
 * throw new PartnerError({ code: "bad-json", kind: "data", partner: "stripe", message: "…",
 *   cause: { expected: "a JSON object", actual: "text/html, 512 bytes" } });
 */
export class PartnerError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly partner: string;
  readonly retryAfterMs: number | null;
  override readonly cause: ErrorCause;
  readonly [brand] = true;

  constructor(init: PartnerErrorInit) {
    super(init.message);
    this.name = "PartnerError";
    this.code = init.code;
    this.kind = init.kind;
    this.partner = init.partner;
    this.retryAfterMs = init.retryAfterMs ?? null;
    this.cause = init.cause;
  }
}

/** By brand rather than `instanceof`, which fails where two bundles each carry the class. */
export function isPartnerError(value: unknown): value is PartnerError {
  return typeof value === "object" && value !== null && brand in value;
}
