import type { ApiResponse } from "./request.ts";

/**
 * Runs an effect once for a key. The same key with the same fingerprint gets the first answer again; an effect that
 * throws leaves no mark, so that the call can be made again.
 */
export type Once = (
  key: OnceKey,
  effect: () => Promise<ApiResponse>,
) => Promise<
  | { readonly kind: "answered"; readonly response: ApiResponse; readonly replayed: boolean }
  /** The first call with this key has not ended yet. */
  | { readonly kind: "in-progress" }
  /** The key was used for something else. */
  | { readonly kind: "reused" }
>;

export interface OnceKey {
  /** Whose key, for what: `POST /connections#…`. */
  readonly key: string;
  /** Of what was asked; two calls that ask for different things differ in it. */
  readonly fingerprint: string;
}
