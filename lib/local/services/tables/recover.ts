import { AwsError } from "../../front-door/aws-error.ts";
import { sameImage } from "./item-key.ts";
import { readItem, settle, type WriterParts } from "./item-writer.ts";

/**
 * Settles the writes that were under way when the process was killed. Their keys were held, so nobody else has touched the
 * items since: an item that differs from its old image was written, and the record stands. One that does not is written
 * now, as if the request had come a moment later, which also mends indexes that were changed ahead of the item; if its
 * condition refuses it, nothing had happened and the record goes. Returns how many there were.
 */
export async function recoverWrites(parts: WriterParts): Promise<number> {
  const pending = parts.journal.pending();
  for (const { sequence, ...intent } of pending) {
    const { dynalite } = parts;
    let current = await readItemOrNull(parts, intent.tableName, intent.key);
    if (sameImage(current, intent.oldImage)) {
      try {
        await dynalite.call(intent.operation, intent.input);
      } catch (error) {
        if (!(error instanceof AwsError) || error.status >= 500) throw error;
      }
      current = await readItemOrNull(parts, intent.tableName, intent.key);
    }
    settle(parts, intent, sequence, current);
  }
  return pending.length;
}

/** A table that was deleted meanwhile has no items. */
async function readItemOrNull(
  parts: WriterParts,
  tableName: string,
  key: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    return await readItem(parts.dynalite, tableName, key);
  } catch (error) {
    if (error instanceof AwsError && error.code === "ResourceNotFoundException") return null;
    throw error;
  }
}
