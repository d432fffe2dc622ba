import { attemptKeptMs, candidateOf, CredentialAttempt, formerOf } from "../engine/oauth/credential-attempt.ts";
import type { CredentialAttempts } from "../engine/oauth/credential-attempt.ts";
import { timeSortKey } from "../engine/page-cursor.ts";
import { jsonOf, number, text, textOf } from "./item.ts";
import type { Item } from "./item.ts";
import type { QueryAnswer, Table } from "./table.ts";

/** Of 1 MB each; they live for a week, so that there are few. */
const pagesMax = 20;

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

    forget: (attempt) => forget(table, attempt),

    async removeOf(tenantId) {
      let removed = 0;
      let from: Item | null = null;
      for (let page = 0; page < pagesMax; page++) {
        const found: QueryAnswer = await table.query({
          IndexName: "tenant",
          KeyConditionExpression: "tenantId = :attempts",
          ExpressionAttributeValues: { ":attempts": text(attemptsOf(tenantId)) },
          ...(from !== null && { ExclusiveStartKey: from }),
        });
        for (const item of found.items) await remove(table, textOf(table.name, item, "pk"));
        removed += found.items.length;
        from = found.lastKey;
        if (from === null) break;
      }
      return removed;
    },
  };
}

async function forget(table: Table, attempt: Pick<CredentialAttempt, "partner" | "attemptId">): Promise<void> {
  for (const { partner, connectionId } of [candidateOf(attempt), formerOf(attempt)])
    await table.delete({ pk: text(`${partner}#${connectionId}`), sk: text("credential") });
}

/** What is sealed for it first: it leads there. */
async function remove(table: Table, partition: string): Promise<void> {
  const [partner = "", attemptId = ""] = partition.split("#");
  await forget(table, { partner, attemptId });
  await table.delete(keyOf({ partner, attemptId }));
}

/** In the index by tenants, and apart from its connections there: no list of those meets an attempt. */
function attemptsOf(tenantId: string): string {
  return `#attempts#${tenantId}`;
}

function itemOf(attempt: CredentialAttempt): Item {
  return {
    ...keyOf(attempt),
    revision: number(attempt.revision),
    body: text(JSON.stringify(attempt)),
    tenantId: text(attemptsOf(attempt.tenantId)),
    createdSort: text(timeSortKey(attempt.createdAtMs, attempt.attemptId)),
    expiresAt: number(Math.ceil((attempt.createdAtMs + attemptKeptMs) / 1_000)),
  };
}

function keyOf({ partner, attemptId }: Pick<CredentialAttempt, "partner" | "attemptId">): Item {
  return { pk: text(`${partner}#${attemptId}`), sk: text("attempt") };
}
