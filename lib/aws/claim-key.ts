import { createHash } from "node:crypto";
import type { ClaimOwner } from "../engine/ports.ts";
import type { RecordScope } from "../engine/record.ts";

/** Where a webhook's or a failure's body is kept, for as long as the bucket's rule for `bodies/` says; below its connection, where that is known. */
export function claimKeyOf({ partner, connectionId }: ClaimOwner, body: Uint8Array): string {
  return `bodies/${partner}/${connectionId ?? "-"}/${createHash("sha256").update(body).digest("hex")}`;
}

/** Everything that is kept of a connection lies below these. */
export function claimPrefixesOf({
  partner,
  connectionId,
}: Pick<RecordScope, "partner" | "connectionId">): readonly string[] {
  return [`records/${partner}/${connectionId}/`, `bodies/${partner}/${connectionId}/`];
}

/** Where a record's data is kept that is too large for an item; below its connection, so that erasing finds it. */
export function recordClaimKeyOf(scope: RecordScope, data: Uint8Array): string {
  return `records/${scope.partner}/${scope.connectionId}/${createHash("sha256").update(data).digest("hex")}`;
}
