import { candidateOf, CredentialAttempt, formerOf } from "../../../lib/engine/oauth/credential-attempt.ts";
import type { CredentialAttempts } from "../../../lib/engine/oauth/credential-attempt.ts";
import type { MemoryCredentials } from "./secrets.ts";

export class MemoryCredentialAttempts implements CredentialAttempts {
  readonly #attempts = new Map<string, string>();
  readonly #credentials: Pick<MemoryCredentials, "forget">;

  constructor(credentials: Pick<MemoryCredentials, "forget">) {
    this.#credentials = credentials;
  }

  /** Everything as it is stored. */
  stored(): readonly string[] {
    return [...this.#attempts.values()];
  }

  async create(attempt: CredentialAttempt): Promise<"created" | "exists"> {
    if (this.#attempts.has(keyOf(attempt))) return "exists";
    this.#attempts.set(keyOf(attempt), JSON.stringify(attempt));
    return "created";
  }

  async read(partner: string, attemptId: string): Promise<CredentialAttempt | null> {
    return this.#find({ partner, attemptId });
  }

  async compareAndSet(next: CredentialAttempt): Promise<"stored" | "superseded"> {
    if (this.#find(next)?.revision !== next.revision - 1) return "superseded";
    this.#attempts.set(keyOf(next), JSON.stringify(next));
    return "stored";
  }

  async forget(attempt: Pick<CredentialAttempt, "partner" | "attemptId">): Promise<void> {
    this.#credentials.forget(candidateOf(attempt));
    this.#credentials.forget(formerOf(attempt));
  }

  async removeOf(tenantId: string): Promise<number> {
    const own = [...this.#attempts.values()]
      .map((stored) => CredentialAttempt.parse(JSON.parse(stored)))
      .filter((attempt) => attempt.tenantId === tenantId);
    for (const attempt of own) {
      await this.forget(attempt);
      this.#attempts.delete(keyOf(attempt));
    }
    return own.length;
  }

  #find(attempt: Pick<CredentialAttempt, "partner" | "attemptId">): CredentialAttempt | null {
    const stored = this.#attempts.get(keyOf(attempt));
    return stored === undefined ? null : CredentialAttempt.parse(JSON.parse(stored));
  }
}

function keyOf({ partner, attemptId }: Pick<CredentialAttempt, "partner" | "attemptId">): string {
  return JSON.stringify([partner, attemptId]);
}
