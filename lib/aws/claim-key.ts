import { createHash } from "node:crypto";
import type { RecordScope } from "../engine/record.ts";

/** Where a webhook's or a failure's body is kept, for as long as the bucket's rule for `bodies/` says. */
export function claimKeyOf(partner: string, body: Uint8Array): string {
  return `bodies/${partner}/${createHash("sha256").update(body).digest("hex")}`;
}

/** Where a record's data is kept that is too large for an item; below its connection, so that erasing finds it. */
export function recordClaimKeyOf(scope: RecordScope, data: Uint8Array): string {
  return `records/${scope.partner}/${scope.connectionId}/${createHash("sha256").update(data).digest("hex")}`;
}
