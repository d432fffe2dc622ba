import type { Connection } from "./connection-ports.ts";

/** What became of one credential's seal. */
export type RenewedSeal =
  /** Its data key is sealed under the stage's key of today now. */
  | { readonly kind: "renewed" }
  /** It was already. */
  | { readonly kind: "current" }
  /** The connection has no credential. */
  | { readonly kind: "none" }
  /** Somebody stored another each time; a later look finds it as they sealed it. */
  | { readonly kind: "superseded" }
  /** KMS does not open what is stored, or it is no envelope. */
  | { readonly kind: "refused"; readonly reason: string };

/** The envelopes of stored credentials, as KMS sees them: nothing of what is in them is opened. */
export interface CredentialSeals {
  /**
   * Has KMS seal a credential's data key again, under the key that the stage uses now. Stored only over what was read; what is
   * sealed, its revision and its age stay as they are. Safe to repeat.
   */
  renew(owner: Pick<Connection, "partner" | "connectionId">): Promise<RenewedSeal>;
}
