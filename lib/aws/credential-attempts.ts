import { attemptKeptMs, candidateOf, CredentialAttempt, formerOf } from "../engine/oauth/credential-attempt.ts";
import type { CredentialAttempts } from "../engine/oauth/credential-attempt.ts";
import { jsonOf, number, text } from "./item.ts";
import type { Item } from "./item.ts";
import type { Table } from "./table.ts";

/** Attempts beside the connections; the table drops them when nobody asks about them any more. */
export function createCredentialAttempts(table: Table): CredentialAttempts {
  return {
    create: (attempt) => table.create(itemOf(attempt)),

    async read(partner, attemptId) {
      const item = await table.get(keyOf({ partner, attemptId }));
      return item === null ? null : jsonOf(table.name, item, CredentialAttempt);
    },

    async compareAndSet(next) {
      return (await table.replace(itemOf(next), next.revision)).kind;
    },

    async forget(attempt) {
      for (const { partner, connectionId } of [candidateOf(attempt), formerOf(attempt)])
        await table.delete({ pk: text(`${partner}#${connectionId}`), sk: text("credential") });
    },
  };
}

function itemOf(attempt: CredentialAttempt): Item {
  return {
    ...keyOf(attempt),
    revision: number(attempt.revision),
    body: text(JSON.stringify(attempt)),
    expiresAt: number(Math.ceil((attempt.createdAtMs + attemptKeptMs) / 1_000)),
  };
}

function keyOf({ partner, attemptId }: Pick<CredentialAttempt, "partner" | "attemptId">): Item {
  return { pk: text(`${partner}#${attemptId}`), sk: text("attempt") };
}
