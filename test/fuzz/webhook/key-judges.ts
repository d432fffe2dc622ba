import { X509Certificate } from "node:crypto";
import { crc32 } from "node:zlib";
import * as z from "zod";
import type { Judge } from "./judges.ts";
import type { Post } from "./post.ts";
import { fromBase64, webBase64, webHash, webHex, webHmac, webVerify } from "./web-crypto.ts";

const Json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue("no JSON");
    return z.NEVER;
  }
});
const Jwk = z.looseObject({ kty: z.string(), kid: z.string().optional(), expired_at: z.number().nullish() });

export const judgeV1a: Judge = async ({ headers, rawBody, secrets, nowMs }) => {
  const family = headers["svix-signature"] === undefined ? "webhook" : "svix";
  const [id, time, list] = ["id", "timestamp", "signature"].map((name) => headers[`${family}-${name}`] ?? "");
  if (!id || !time || !list || !/^[0-9]{1,12}$/.test(time) || Math.abs(nowMs - Number(time) * 1000) > 300_000)
    return false;
  const items = list.split(" ").flatMap((item) => (item.startsWith("v1a,") ? [item.slice(4)] : []));
  for (const secret of secrets) {
    const key = fromBase64(secret.replace(/^whpk_/, ""));
    if (key === null) continue;
    for (const item of items) {
      const signature = fromBase64(item);
      if (signature === null || webBase64(signature) !== item) continue;
      if (await webVerify({ name: "Ed25519" }, "raw", key, signature, [id, ".", time, ".", rawBody])) return true;
    }
  }
  return false;
};

interface Token {
  readonly algorithm: string;
  readonly keyId: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly input: string;
  readonly signature: Uint8Array<ArrayBuffer>;
}

const Head = z.looseObject({ alg: z.string(), kid: z.string().default(""), crit: z.undefined().optional() });

function tokenOf(text: string): Token | null {
  const parts = text.split(".");
  const [head = "", body = "", tail = ""] = parts;
  if (parts.length !== 3 || !parts.every(isBase64url)) return null;
  const header = Json.pipe(Head).safeParse(textOf(head));
  const claims = Json.pipe(z.record(z.string(), z.unknown())).safeParse(textOf(body));
  const signature = fromBase64(tail);
  if (!header.success || !claims.success || signature === null) return null;
  const { alg, kid } = header.data;
  return { algorithm: alg, keyId: kid, claims: claims.data, input: `${head}.${body}`, signature };
}

/** Only as it is written by those who write it rightly: no padding, no bits to spare. */
function isBase64url(part: string): boolean {
  const bytes = fromBase64(part);
  return bytes !== null && webBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") === part;
}

function textOf(part: string): string {
  return new TextDecoder().decode(fromBase64(part) ?? new Uint8Array());
}

function keyOf({ key }: Post): z.infer<typeof Jwk> | null {
  const parsed = Json.pipe(Jwk).safeParse(key ?? "");
  return parsed.success ? parsed.data : null;
}

export const judgePlaid: Judge = async (post) => {
  const token = tokenOf(post.headers["plaid-verification"] ?? "");
  const key = keyOf(post);
  if (token === null || key === null || token.algorithm !== "ES256" || (key.kid ?? token.keyId) !== token.keyId)
    return false;
  if (typeof key.expired_at === "number" && key.expired_at * 1000 <= post.nowMs) return false;
  const { iat, request_body_sha256: digest } = token.claims;
  if (typeof iat !== "number" || Math.abs(post.nowMs - iat * 1000) > 300_000) return false;
  if (digest !== webHex(await webHash([post.rawBody]))) return false;
  const { kty, x, y, crv } = key;
  const jwk = Object.fromEntries(Object.entries({ kty, x, y, crv }).filter((entry) => typeof entry[1] === "string"));
  return webVerify({ name: "ECDSA", namedCurve: "P-256" }, "jwk", jwk, token.signature, [token.input]);
};

export const judgePubSub: Judge = async (post) => {
  const [, text = ""] = /^bearer +([^ ]+)$/i.exec(post.headers["authorization"] ?? "") ?? [];
  const token = tokenOf(text);
  const key = keyOf(post);
  if (token === null || key === null || token.algorithm !== "RS256") return false;
  const { iss, aud, email, email_verified: isVerified, iat, exp } = token.claims;
  if (iss !== "https://accounts.google.com" && iss !== "accounts.google.com") return false;
  if (isVerified !== true || typeof iat !== "number" || typeof exp !== "number") return false;
  if (post.nowMs < iat * 1000 - 60_000 || post.nowMs >= exp * 1000 + 60_000) return false;
  if (typeof email !== "string" || typeof aud !== "string" || !post.secrets.includes(`${email} ${aud}`)) return false;
  const { kty, n, e } = key;
  const jwk = Object.fromEntries(Object.entries({ kty, n, e }).filter((entry) => typeof entry[1] === "string"));
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  return webVerify(algorithm, "jwk", jwk, token.signature, [token.input]);
};

export const judgeOwnToken: Judge = async ({ headers, secrets, parameters, nowMs }) => {
  const [, text = ""] = /^bearer +([^ ]+)$/i.exec(headers["authorization"] ?? "") ?? [];
  const token = tokenOf(text);
  if (token?.algorithm !== "HS256" || token.claims["aud"] !== parameters["audience"]) return false;
  const { sub, iat, exp } = token.claims;
  if (typeof iat !== "number" || typeof exp !== "number" || typeof sub !== "string") return false;
  if (nowMs < iat * 1000 - 5_000 || nowMs >= exp * 1000) return false;
  for (const secret of secrets) {
    const at = secret.indexOf(":");
    const word = secret.slice(at + 1);
    if (at < 1 || word.length < 16 || secret.slice(0, at) !== sub) continue;
    const key = await webHmac("SHA-256", word, [`own-token:${sub}`]);
    if (webHex(await webHmac("SHA-256", key, [token.input])) === webHex(token.signature)) return true;
  }
  return false;
};

/** The certificate that was given is its own anchor here: what is judged is its address, its name, its dates and the signature. */
export const judgeCertificate: Judge = async ({ headers, rawBody, secrets, key, nowMs }) => {
  const address = URL.parse(headers["paypal-cert-url"] ?? "");
  const isSandbox = address?.host === "api.sandbox.paypal.com";
  if (address?.protocol !== "https:" || (!isSandbox && address.host !== "api.paypal.com")) return false;
  if (
    address.href !== headers["paypal-cert-url"] ||
    !/^\/v1\/notifications\/certs\/[\w-]{1,128}$/.test(address.pathname)
  )
    return false;
  // An empty query and an empty fragment leave no trace but their marks.
  if (/[?#]/.test(address.href) || headers["paypal-auth-algo"] !== "SHA256withRSA") return false;
  const certificate = certificateIn(key);
  const text = headers["paypal-transmission-sig"] ?? "";
  const signature = fromBase64(text);
  if (certificate === null || signature === null || webBase64(signature) !== text) return false;
  const name = `messageverificationcerts${isSandbox ? ".sandbox" : ""}.paypal.com`;
  if (!certificate.subjectAltName?.split(", ").includes(`DNS:${name}`)) return false;
  if (nowMs < Date.parse(certificate.validFrom) || nowMs > Date.parse(certificate.validTo)) return false;
  const spki = Uint8Array.from(certificate.publicKey.export({ format: "der", type: "spki" }));
  const [id, time] = [headers["paypal-transmission-id"], headers["paypal-transmission-time"]];
  if (!id || !time) return false;
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  for (const webhookId of secrets.filter((secret) => secret !== "")) {
    const chunks = [[id, time, webhookId, String(crc32(rawBody))].join("|")];
    if (await webVerify(algorithm, "spki", spki, signature, chunks)) return true;
  }
  return false;
};

const certificates = new Map<string, X509Certificate | null>();

function certificateIn(key: string | null): X509Certificate | null {
  const text = key ?? "";
  const known = certificates.get(text);
  if (known !== undefined) return known;
  if (certificates.size > 100) certificates.clear();
  let certificate: X509Certificate | null;
  try {
    certificate = new X509Certificate(text);
  } catch {
    certificate = null;
  }
  certificates.set(text, certificate);
  return certificate;
}
