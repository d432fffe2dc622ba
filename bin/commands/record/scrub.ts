import type { StandInKind, StandIns } from "./stand-ins.ts";

export interface ScrubOptions {
  readonly standIns: StandIns;
  /** Values that must not be kept wherever they stand: the credential's own. */
  readonly secrets: readonly string[];
  /** Hosts whose URLs are the API's own, such as next links: others may hold a token in their path. */
  readonly hosts: readonly string[];
}

const charsMax = 200;
/** Lists inside things; a page's own list has a bound of its own. */
const entriesMax = 20;

/** A copy without secrets and without anybody's data: by the names of fields, and by what values look like. */
export function scrub(value: unknown, options: ScrubOptions): unknown {
  return scrubAt(value, { key: "", within: "" }, options);
}

/** The same for one text, whatever it is called, at its whole length: a query has to stay what was asked. */
export function scrubText(text: string, options: ScrubOptions): string {
  const { standIns, hosts, secrets } = options;
  let safe = text;
  for (const secret of secrets) if (secret.length >= 4) safe = safe.replaceAll(secret, standIns.for("secret", secret));
  const url = URL.canParse(safe) && /^https?:/i.test(safe) ? new URL(safe) : null;
  if (url !== null && !hosts.includes(url.host)) return standIns.for("link", safe);
  for (const [kind, form] of valueForms) safe = safe.replace(form, (found) => standIns.for(kind, found));
  return safe;
}

interface Place {
  readonly key: string;
  /** The names of what it is part of, outermost first. */
  readonly within: string;
}

/** By the field's name. The first that fits decides; names come in snake_case and in camelCase. */
const nameForms: readonly (readonly [StandInKind, RegExp])[] = [
  [
    "secret",
    /secret|token|passw|api_?key|access_?key|authori[sz]ation|signature|session|cookie|credential|fingerprint|last_?4$/i,
  ],
  ["email", /e-?mail/i],
  ["phone", /phone|mobile|^fax/i],
  ["ip", /^ip$|(?:^|_)ip_?addr|ipAddress|^(?:remote|client)_?ip$/i],
  [
    "number",
    /tax_?(?:id|number)|vat|^ssn|iban|(?:account|routing|passport|license|licence)_?(?:number|no)$|birth|^dob$/i,
  ],
  ["postcode", /^zip|zip$|post(?:al)?_?code$/i],
  [
    "address",
    /street|^line_?\d$|address(?:_?line)?_?\d?$|^(?:address_?)?(?:city|town|suburb|state_?name)$|^address_?state$|^full(?:Address)?$|^(?:lat|lng|lon|latitude|longitude)$/i,
  ],
  [
    "name",
    /^name$|(?:first|last|full|middle|given|family|sur|nick|display|legal|business|company|holder|owner|contact|guest|customer|buyer|seller|recipient|user)_?name$/i,
  ],
  ["text", /description|notes?$|comment|memo|instructions/i],
];

/** Of an address every text is somebody's but the country; of what a customer of the partner may write, every text. */
const addressParts = /address|location/i;
const freeParts = /metadata|custom_?fields?/i;

/** By the value's form, in any text. */
const valueForms: readonly (readonly [StandInKind, RegExp])[] = [
  ["secret", /\b(?:sk|rk|pk)_(?:live|test)_\w+|\bwhsec_[\w+/=-]+/g],
  [
    "secret",
    /\b(?:gh[pousr]_\w{16,}|xox[a-z]-[\w-]+|shp(?:at|ca|pa|ss)_\w+|AIza[\w-]{20,}|npm_\w{20,}|(?:AKIA|ASIA)[A-Z0-9]{16})\b/g,
  ],
  ["secret", /\beyJ[\w-]{8,}(?:\.[\w-]+){0,2}/g],
  ["secret", /\b(?:Bearer|Basic)\s+[\w.~+/=:-]{8,}/gi],
  ["secret", /(?<=[?&](?:api_?key|key|token|secret|signature|password)=)[^\s&"']+/gi],
  ["email", /[\w.%+-]+@[\w-]+(?:\.[\w-]+)+/g],
  ["ip", /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])/g],
  ["ip", /(?<![\w:])(?:[\da-f]{1,4}:){3,7}(?::|[\da-f]{1,4})(?![\w:])/gi],
  ["phone", /(?<![\w.+])\+[1-9][\d ().-]{6,18}\d(?!\w)/g],
  ["phone", /(?<![\w.-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])/g],
];

function scrubAt(value: unknown, place: Place, options: ScrubOptions): unknown {
  if (typeof value === "string") return scrubLeaf(value, place, options);
  if (typeof value === "number") return isSomebodys(place) ? 0 : value;
  if (Array.isArray(value)) return value.slice(0, entriesMax).map((entry) => scrubAt(entry, place, options));
  if (typeof value !== "object" || value === null) return value;
  const within = `${place.within}.${place.key}`;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      // A key can be somebody's address too.
      scrubText(key, options),
      scrubAt(member, { key, within }, options),
    ]),
  );
}

function scrubLeaf(text: string, place: Place, options: ScrubOptions): string {
  if (text === "") return text;
  const kind = kindByName(place);
  if (kind !== null) return options.standIns.for(kind, text);
  const safe = scrubText(text, options);
  // A next link is followed as it is.
  return safe.length > charsMax && !/^https?:/i.test(safe) ? `${safe.slice(0, charsMax)}…` : safe;
}

function kindByName({ key, within }: Place): StandInKind | null {
  const named = nameForms.find(([, form]) => form.test(key));
  if (named !== undefined) return named[0];
  if (freeParts.test(within) || freeParts.test(key)) return "text";
  return addressParts.test(within) && !/country|type|object/i.test(key) ? "address" : null;
}

/** Numbers that lead to somebody: a telephone, an account, coordinates, a house. */
function isSomebodys(place: Place): boolean {
  const { key, within } = place;
  const kind = kindByName(place);
  if (kind === "address" || (addressParts.test(`${within}.${key}`) && /coordinates|^(?:house_?)?number$/i.test(key)))
    return true;
  return kind === "phone" || kind === "number" || kind === "postcode";
}
