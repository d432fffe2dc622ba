const gone = "[redacted]";
const depthMax = 6;
const entriesMax = 50;
const textMax = 1_024;
/** Read before it is cut, so that a secret on the cut's edge is still whole when it is looked for. */
const readMax = 4 * textMax;

/** Words that make a field's value secret or personal, wherever they stand in its name. */
const secretName =
  /authorization|api.?key|access.?key|private.?key|connection.?key|secret|token|passw|cookie|credential|signature|session|e.?mail|phone|street|address|birth|first.?name|last.?name|full.?name|iban|card.?number|cvc/i;

const secretForms: readonly RegExp[] = [
  /\bBearer\s+[\w.~+/=:-]{6,}/gi,
  // These words are English too: what follows is a secret when it is long and holds a digit.
  /\b(?:Basic|Token|App|ApiKey)\s+(?=[\w.~+/=:-]*\d)[\w.~+/=:-]{12,}/gi,
  // Stripe's keys and webhook secrets: https://docs.stripe.com/keys
  /\b(?:sk|rk|pk)_(?:live|test)_\w+/g,
  /\bsk_\w{8,}/g,
  /\bwhsec_[\w+/=-]+/g,
  // GitHub's, Slack's and AWS's forms.
  /\bgh[pousr]_\w{16,}/g,
  /\bxox[a-z]-[\w-]+/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  // A JSON Web Token.
  /\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g,
  // User and password in a URL.
  /(?<=:\/\/)[^\s/@]{1,256}@/g,
  // A secret-named or personal field of a query or of a JSON text.
  /(?<=(?:api_?key|secret|token|password|signature)=)[^\s&"']+/gi,
  /(?<="[\w-]{0,32}(?:api_?key|secret|token|passw|signature|e-?mail|phone|address|street|line1|line2)[\w-]{0,16}"\s{0,4}:\s{0,4}")[^"]+/gi,
  /[\w.%+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}/g,
];

/**
 * A copy that is fit for a log: values under secret-like names, known forms of secrets and e-mail addresses are gone, and
 * depth, entries and lengths have bounds. Pure, and never throws.
 *
 * @example redact({ apiKey: "…", note: "Bearer abcdef" }) // { apiKey: "[redacted]", note: "[redacted]" }
 */
export function redact(value: unknown): unknown {
  return redactAt(value, 0);
}

/** The same for a log line's fields. */
export function redactFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactEntries(fields, 0);
}

/** The same for one text. */
export function redactText(text: string): string {
  let safe = text.slice(0, readMax);
  for (const form of secretForms) safe = safe.replace(form, gone);
  return safe.length > textMax || text.length > readMax ? `${safe.slice(0, textMax)}…` : safe;
}

function redactAt(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "number" || typeof value === "boolean" || value === null || value === undefined) return value;
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object") return `[${typeof value}]`;
  if (depth >= depthMax) return "[deeper]";
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Date) return String(value.getTime());
  if (Array.isArray(value)) return redactList(value, depth);
  return redactEntries(value, depth);
}

function redactList(list: readonly unknown[], depth: number): unknown[] {
  const kept = list.slice(0, entriesMax).map((entry) => redactAt(entry, depth + 1));
  return list.length > entriesMax ? [...kept, `[${list.length - entriesMax} more]`] : kept;
}

function redactEntries(value: object, depth: number): Record<string, unknown> {
  const safe: Record<string, unknown> = {};
  const names = Object.keys(value);
  for (const name of names.slice(0, entriesMax)) {
    safe[redactText(name)] =
      secretName.test(name) && isFilled(value, name) ? gone : redactAt(readField(value, name), depth + 1);
  }
  if (names.length > entriesMax) safe["…"] = `[${names.length - entriesMax} more]`;
  return safe;
}

/** An error's message, code and cause; of its stack only where it was thrown, as a stack repeats the message. */
function redactError(error: Error, depth: number): Record<string, unknown> {
  const own = redactEntries(error, depth);
  const at = (error.stack ?? "")
    .split("\n")
    .filter((line) => line.startsWith("    at "))
    .slice(0, 8)
    .join("\n");
  const cause = error.cause === undefined ? {} : { cause: redactAt(error.cause, depth + 1) };
  return { ...own, name: error.name, message: redactText(error.message), at: redactText(at), ...cause };
}

/** That a secret is missing is worth knowing. */
function isFilled(value: object, name: string): boolean {
  const field = readField(value, name);
  return field !== null && field !== undefined && field !== "" && typeof field !== "boolean";
}

function readField(value: object, name: string): unknown {
  try {
    return Reflect.get(value, name);
  } catch {
    return "[unreadable]";
  }
}
