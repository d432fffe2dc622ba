import * as z from "zod";
import { parseJson } from "../parse-json.ts";
import { wholeBase64 } from "./base64.ts";

/** Longer than any vendor's token, and short enough to cost nothing. */
export const jwsCharsMax = 8192;

/** A signed token (RFC 7515, compact form) taken apart, and nothing of it verified. */
export interface Jws {
  readonly algorithm: string;
  /** What the sender says signed it. A stranger may put whatever text there, so it is checked before anything is looked up by it. */
  readonly keyId: string | null;
  readonly claims: unknown;
  readonly signingInput: string;
  readonly signature: Uint8Array;
}

const Header = z.looseObject({ alg: z.string(), kid: z.string().optional(), crit: z.undefined().optional() });

/** Takes a token apart; null when it is none. A header that calls for extensions (`crit`) is none of ours. */
export function readJws(token: string): Jws | null {
  if (token.length > jwsCharsMax) return null;
  const parts = token.split(".");
  const [header = "", payload = "", signature = ""] = parts;
  if (parts.length !== 3 || header === "") return null;
  const parsed = Header.safeParse(jsonIn(header));
  const bytes = wholeBase64(signature, "base64url");
  if (!parsed.success || bytes === null) return null;
  const { alg, kid } = parsed.data;
  return {
    algorithm: alg,
    keyId: kid ?? null,
    claims: jsonIn(payload),
    signingInput: `${header}.${payload}`,
    signature: bytes,
  };
}

function jsonIn(part: string): unknown {
  const bytes = wholeBase64(part, "base64url");
  const parsed = bytes === null ? null : parseJson(bytes);
  return parsed?.kind === "json" ? parsed.body : undefined;
}
