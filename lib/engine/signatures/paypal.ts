import { verify } from "node:crypto";
import type { X509Certificate } from "node:crypto";
import { wholeBase64 } from "./base64.ts";
import { leadsToAnchor, readCertificates } from "./certificates.ts";
import { crc32 } from "./crc32.ts";
import { readHeaders } from "./header.ts";
import { rejected } from "./verifier.ts";
import type { KeyedVerifier } from "./verifier.ts";

/** Only here does PayPal publish its certificates. Another address would be a certificate of the sender's, or a call into our network. */
const certificateUrl = /^https:\/\/(api(?:\.sandbox)?\.paypal\.com)\/v1\/notifications\/certs\/[A-Za-z0-9_-]{1,128}$/;
const certificateHosts: Readonly<Record<string, string>> = {
  "api.paypal.com": "messageverificationcerts.paypal.com",
  "api.sandbox.paypal.com": "messageverificationcerts.sandbox.paypal.com",
};

export interface PaypalOptions {
  /** Certificates to trust, in PEM: roots, or the intermediate ones that PayPal's are issued by. */
  readonly anchors: readonly string[];
}

/**
 * PayPal: RSA with SHA-256 over `<transmission id>|<time>|<webhook id>|<CRC-32 of the raw body>`, under the certificate at
 * `PAYPAL-CERT-URL`, which is looked at only on PayPal's own hosts and trusted only when it is of PayPal's name, valid, and
 * leads to an anchor. A "secret" is the id of a webhook as it was registered. No tolerance is prescribed for the time.
 * https://developer.paypal.com/api/rest/webhooks/rest/
 */
export function paypalSignature({ anchors }: PaypalOptions): KeyedVerifier {
  const trusted = anchors.flatMap((pem) => readCertificates(pem) ?? []);
  return (request) => {
    const webhookIds = request.secrets.filter((id) => id.length > 0);
    if (webhookIds.length === 0) return rejected("no-secret");
    const headers = readHeaders(request, [
      "paypal-auth-algo",
      "paypal-cert-url",
      "paypal-transmission-id",
      "paypal-transmission-time",
      "paypal-transmission-sig",
    ]);
    if (!headers.ok) return headers;
    const [algorithm, url, id, time, signature] = headers.values;
    if (algorithm !== "SHA256withRSA") return rejected("wrong-algorithm");
    const host = certificateHosts[certificateUrl.exec(url)?.[1] ?? ""];
    if (host === undefined) return rejected("untrusted-key");
    const bytes = wholeBase64(signature);
    if (bytes === null) return rejected("malformed-header");
    const pem = request.keys(url);
    if (pem === null) return { ok: false, reason: "unknown-key", wanted: url };
    const signer = signerOf(pem, host, trusted, request.nowMs);
    if (signer === null) return rejected("untrusted-key");
    const crc = crc32(request.rawBody);
    const holds = webhookIds.some((webhookId) =>
      verify("sha256", Buffer.from(`${id}|${time}|${webhookId}|${crc}`), signer.publicKey, bytes),
    );
    return holds ? { ok: true } : rejected("mismatch");
  };
}

function signerOf(
  pem: string,
  host: string,
  trusted: readonly X509Certificate[],
  nowMs: number,
): X509Certificate | null {
  const chain = readCertificates(pem);
  const signer = chain?.[0];
  if (chain === null || signer === undefined || signer.publicKey.asymmetricKeyType !== "rsa") return null;
  if (signer.checkHost(host) === undefined) return null;
  return leadsToAnchor(chain, trusted, nowMs) ? signer : null;
}
