import * as z from "zod";
import type { PartnerSecret } from "../engine/ports.ts";

/** A rotated secret is taken up within this; a function serves few partners, most of them one. */
export const secretCacheBounds = { keptMs: 60_000, entriesMax: 200 };

/**
 * Whoever asks for what is there now gets what is at most this old: strangers' posts, which nothing known has signed, must not
 * cost a call of Secrets Manager each.
 */
export const freshSecretMs = 10_000;

/** Keys that a person adds beside ours stay theirs. */
const SecretContent: z.ZodType<PartnerSecret> = z.lazy(() =>
  z.object({
    connectionKey: z.string().min(16, "is shorter than 16 characters"),
    webhookSecrets: z.array(z.string().min(1)).max(20).default([]),
    app: z.record(z.string(), z.string()).default({}),
  }),
);

/** The secret is there and not what it must be; says where, and never what. */
export class BadSecret extends Error {
  constructor(name: string, fault: string) {
    super(`secret ${name}: ${fault}; mend it in Secrets Manager`);
    this.name = "BadSecret";
  }
}

/** Reads a partner's secret from its text. Throws `BadSecret`. */
export function readPartnerSecret(name: string, content: string | undefined): PartnerSecret {
  let value: unknown;
  try {
    value = JSON.parse(content ?? "");
  } catch {
    throw new BadSecret(name, "is no JSON text");
  }
  const parsed = SecretContent.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new BadSecret(
    name,
    parsed.error.issues.map((issue) => `${issue.path.join(".") || "the whole"}: ${issue.message}`).join("; "),
  );
}
