import { X509Certificate } from "node:crypto";

/** Certificates of a chain; more than this is no chain of any vendor's. */
const chainMax = 6;
const pemCharsMax = 64 * 1024;

/** The certificates in a PEM text, the signer's first; null when there are none, too many, or one that cannot be read. */
export function readCertificates(pem: string): readonly X509Certificate[] | null {
  if (pem.length > pemCharsMax) return null;
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || blocks.length > chainMax) return null;
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return null;
  }
}

/**
 * Whether the first certificate is one of the anchors, or leads to one through the others; each valid at the time, each issuer
 * allowed to issue.
 */
export function leadsToAnchor(
  chain: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
  nowMs: number,
): boolean {
  let current = chain[0];
  for (let step = 0; step <= chainMax && current !== undefined; step++) {
    const certificate = current;
    if (!isValidAt(certificate, nowMs)) return false;
    if (anchors.some((anchor) => anchor.fingerprint256 === certificate.fingerprint256)) return true;
    if (anchors.some((anchor) => isValidAt(anchor, nowMs) && issued(anchor, certificate))) return true;
    current = chain.find((other) => other.fingerprint256 !== certificate.fingerprint256 && issued(other, certificate));
  }
  return false;
}

function isValidAt(certificate: X509Certificate, nowMs: number): boolean {
  return certificate.validFromDate.getTime() <= nowMs && nowMs <= certificate.validToDate.getTime();
}

/** Names alone prove nothing: the issuer's key must have signed. */
function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
