/** What is written for a model of lib/models: fields that most partners have, to begin with. */
export interface ModelTemplate {
  /** Members of the schema besides `id` and `created_at`, as code. */
  readonly schema: readonly string[];
  /** Members of the record besides `id`, `createdAt`, the status and `extra`, as code. */
  readonly record: readonly string[];
  /** What the record takes of the partner's fields, besides `id` and `created_at`. */
  readonly taken: readonly string[];
  /** Fields without which a thing is of no use, besides `id` and `created_at`. */
  readonly required: readonly string[];
  /** The partner's words for states and ours; null where the model has no status. */
  readonly statuses: readonly (readonly [theirs: string, ours: string])[] | null;
  /** What a thing of the fixtures has besides `id` and `created_at`, and what of it the record has to hold. */
  readonly example: Readonly<Record<string, unknown>>;
  readonly expected: Readonly<Record<string, unknown>>;
}

export const modelNames = ["order", "payment", "customer", "product", "property", "reservation", "guest"] as const;
export type ModelName = (typeof modelNames)[number];

export function isModelName(text: string): text is ModelName {
  return modelNames.some((name) => name === text);
}

const optionalText = "z.exactOptional(z.string().nullable())";
const status = "status: z.string().min(1)";

export const modelTemplates: Readonly<Record<ModelName, ModelTemplate>> = {
  order: {
    schema: [status, `number: ${optionalText}`],
    record: ["number: raw.number"],
    taken: ["status", "number"],
    required: ["status"],
    statuses: [
      ["open", "submitted"],
      ["shipped", "shipped"],
      ["cancelled", "cancelled"],
    ],
    example: { status: "open", number: "A-17" },
    expected: { status: "submitted", partnerStatus: "open", number: "A-17" },
  },
  payment: {
    schema: [status, "amount: z.int()", "currency: z.string().regex(/^[A-Za-z]{3}$/)"],
    record: ['kind: "charge" as const', "amount: moneyFromMinor(raw.amount, raw.currency)"],
    taken: ["status", "amount", "currency"],
    required: ["status", "amount", "currency"],
    statuses: [
      ["pending", "pending"],
      ["paid", "succeeded"],
      ["failed", "failed"],
    ],
    example: { status: "paid", amount: 1099, currency: "usd" },
    expected: {
      kind: "charge",
      status: "succeeded",
      partnerStatus: "paid",
      amount: { amount: "10.99", currency: "USD" },
    },
  },
  customer: {
    schema: [`name: ${optionalText}`, `email: ${optionalText}`],
    record: ["name: raw.name", "email: raw.email"],
    taken: ["name", "email"],
    required: [],
    statuses: null,
    example: { name: "Example Ltd", email: "office@example.com" },
    expected: { name: "Example Ltd", email: "office@example.com" },
  },
  product: {
    schema: [status, "name: z.string()"],
    record: ["name: raw.name"],
    taken: ["status", "name"],
    required: ["status", "name"],
    statuses: [
      ["active", "available"],
      ["archived", "archived"],
    ],
    example: { status: "active", name: "A blue chair" },
    expected: { status: "available", partnerStatus: "active", name: "A blue chair" },
  },
  property: {
    schema: [`title: ${optionalText}`],
    record: ["title: raw.title"],
    taken: ["title"],
    required: [],
    statuses: null,
    example: { title: "A house by the sea" },
    expected: { title: "A house by the sea" },
  },
  reservation: {
    schema: [status, `confirmation_code: ${optionalText}`],
    record: ["confirmationCode: raw.confirmation_code"],
    taken: ["status", "confirmation_code"],
    required: ["status"],
    statuses: [
      ["pending", "pending"],
      ["confirmed", "confirmed"],
      ["cancelled", "cancelled"],
    ],
    example: { status: "confirmed", confirmation_code: "EX-17" },
    expected: { status: "confirmed", partnerStatus: "confirmed", confirmationCode: "EX-17" },
  },
  guest: {
    schema: [`name: ${optionalText}`],
    record: ["name: raw.name"],
    taken: ["name"],
    required: [],
    statuses: null,
    example: { name: "Jane Example" },
    expected: { name: "Jane Example" },
  },
};
