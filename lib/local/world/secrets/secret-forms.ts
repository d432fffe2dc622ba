/** Too short to be told from chance: such a value is no secret to begin with. */
export const secretBytesMin = 8;
/** From here on a half of it says enough, and is looked for by itself: what was cut is a leak, too. */
const halvesFromBytes = 24;

export interface SecretForm {
  readonly form: string;
  readonly bytes: Buffer;
}

/**
 * Every way in which a secret may stand in a text: as it is, its halves, escaped for JSON or a URL, in hexadecimal, in
 * base64 (also amid something larger that was encoded whole, such as Basic's user and password).
 *
 * @example formsOf(Buffer.from("s3cret/key")).map(({ form }) => form)
 */
export function formsOf(secret: Buffer): readonly SecretForm[] {
  if (secret.byteLength < secretBytesMin) return [];
  const text = secret.toString("utf8");
  const json = JSON.stringify(text).slice(1, -1);
  const url = encodeURIComponent(isText(secret, text) ? text : "");
  const forms: SecretForm[] = [
    { form: "plain", bytes: secret },
    ...halvesOf(secret),
    ...[json, JSON.stringify(json).slice(1, -1)].map((escaped) => ({ form: "json", bytes: Buffer.from(escaped) })),
    ...[
      url,
      formEncoded(url === "" ? "" : text),
      url.replaceAll(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    ].map((escaped) => ({ form: "url", bytes: Buffer.from(escaped) })),
    { form: "hex", bytes: Buffer.from(secret.toString("hex")) },
    { form: "hex", bytes: Buffer.from(secret.toString("hex").toUpperCase()) },
    ...[0, 1, 2].flatMap((offset) => [
      { form: "base64", bytes: Buffer.from(insideBase64(secret, offset, "base64")) },
      { form: "base64url", bytes: Buffer.from(insideBase64(secret, offset, "base64url")) },
    ]),
  ];
  return withoutDoubles(forms.filter(({ bytes }) => bytes.byteLength >= secretBytesMin));
}

function halvesOf(secret: Buffer): readonly SecretForm[] {
  if (secret.byteLength < halvesFromBytes) return [];
  const middle = secret.byteLength >> 1;
  return [secret.subarray(0, middle), secret.subarray(middle)].map((bytes) => ({ form: "half", bytes }));
}

/** The characters that are the same whatever stands before and after, when `offset` bytes precede it in its group of three. */
function insideBase64(secret: Buffer, offset: number, encoding: "base64" | "base64url"): string {
  const before = Buffer.alloc(offset);
  const encoded = Buffer.concat([before, secret]).toString(encoding).replaceAll("=", "");
  const whole = Math.floor(((offset + secret.byteLength) * 8) / 6);
  return encoded.slice(Math.ceil((offset * 8) / 6), whole);
}

function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

function isText(secret: Buffer, text: string): boolean {
  return Buffer.from(text).equals(secret);
}

function withoutDoubles(forms: readonly SecretForm[]): readonly SecretForm[] {
  const seen = new Set<string>();
  return forms.filter(({ bytes }) => {
    const key = bytes.toString("latin1");
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
