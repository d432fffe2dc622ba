import type { Post } from "./post.ts";
import type { Random } from "./random.ts";

interface Mutation {
  readonly name: string;
  readonly change: (post: Post, random: Random, other: Post) => Partial<Post>;
}

/** The post with up to three things done to it; one in eight stays as it is. */
export function mutate(post: Post, other: Post, random: Random): Post {
  const chosen = Array.from({ length: random.pick([0, 1, 1, 1, 1, 2, 2, 3]) }, () => random.pick(mutations));
  return chosen.reduce<Post>((changed, mutation) => applied(mutation, changed, other, random), post);
}

function applied({ name, change }: Mutation, post: Post, other: Post, random: Random): Post {
  return { ...post, ...change(post, random, other), history: [...post.history, name] };
}

const mutations: readonly Mutation[] = [
  ...bodyMutations(),
  ...headerMutations(),
  ...signatureMutations(),
  ...urlMutations(),
  ...settingMutations(),
];

function bodyMutations(): readonly Mutation[] {
  return [
    { name: "a bit of the body", change: ({ rawBody }, random) => ({ rawBody: flipped(rawBody, random) }) },
    {
      name: "a body cut",
      change: ({ rawBody }, random) => ({ rawBody: rawBody.slice(0, random.below(rawBody.length)) }),
    },
    {
      name: "a body longer",
      change: ({ rawBody }, random) => ({ rawBody: joined(rawBody, random.bytes(1 + random.below(9))) }),
    },
    { name: "a newline after the body", change: ({ rawBody }) => ({ rawBody: joined(rawBody, [10]) }) },
    { name: "another body", change: (_post, _random, other) => ({ rawBody: other.rawBody }) },
    { name: "no body", change: () => ({ rawBody: new Uint8Array() }) },
    { name: "random bytes as a body", change: (_post, random) => ({ rawBody: random.bytes(random.below(64)) }) },
    { name: "a body written again", change: ({ rawBody }) => ({ rawBody: reserialised(rawBody) }) },
    { name: "a large body", change: (_post, random) => ({ rawBody: new Uint8Array(random.below(20_000)) }) },
  ];
}

function headerMutations(): readonly Mutation[] {
  const one = (name: string, change: (value: string, random: Random, other: string) => string | null): Mutation => ({
    name,
    change({ headers }, random, other) {
      const names = Object.keys(headers);
      if (names.length === 0) return {};
      const header = random.pick(names);
      const others = Object.values(other.headers);
      const value = change(headers[header] ?? "", random, others.length === 0 ? "" : random.pick(others));
      const { [header]: _, ...rest } = headers;
      return { headers: value === null ? rest : { ...rest, [header]: value } };
    },
  });
  return [
    one("a header gone", () => null),
    one("a header empty", () => ""),
    one("a character of a header", flippedText),
    one("a header cut", (value, random) => value.slice(0, random.below(value.length + 1))),
    one("a header longer", (value, random) => value + random.text(6)),
    one("a header of another post", (_value, _random, other) => other),
    one("a header twice", (value, random) => `${value}${random.pick([",", ", ", " ", ";"])}${value}`),
    one("a header beside another's", (value, random, other) => random.pick([`${value},${other}`, `${other} ${value}`])),
    one("random text in a header", (_value, random) => random.text(80)),
    one("a huge header", (value) => value.padEnd(20_000, "x")),
    one("spaces around a header", (value) => ` ${value} `),
    one("the case of a header", (value, random) => (random.below(2) === 0 ? value.toUpperCase() : value.toLowerCase())),
    { name: "another's headers", change: (_post, _random, other) => ({ headers: other.headers }) },
    {
      name: "another's headers too",
      change: ({ headers }, _random, other) => ({ headers: { ...other.headers, ...headers } }),
    },
    {
      name: "headers named otherwise",
      change: ({ headers }) => ({
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [
            name.replace(/^(svix|webhook)-/, (found) => (found === "svix-" ? "webhook-" : "svix-")),
            value,
          ]),
        ),
      }),
    },
  ];
}

/** What somebody does who knows how signatures are written. */
function signatureMutations(): readonly Mutation[] {
  const each = (name: string, change: (value: string, random: Random) => string): Mutation => ({
    name,
    change: ({ headers }, random) => ({
      headers: Object.fromEntries(Object.entries(headers).map(([header, value]) => [header, change(value, random)])),
    }),
  });
  return [
    each("base64 as hex", (value) =>
      value.replace(/[A-Za-z0-9+/]{27,}={1,2}/, (text) => Buffer.from(text, "base64").toString("hex")),
    ),
    each("hex as base64", (value) =>
      value.replace(/[0-9a-f]{40,}/, (text) => Buffer.from(text, "hex").toString("base64")),
    ),
    each("base64url", (value) => value.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")),
    each("a plus as a space", (value) => value.replaceAll("+", " ")),
    each("padding", (value, random) => (random.below(2) === 0 ? `${value}=` : value.replace(/=+$/, ""))),
    each("another version", (value, random) =>
      value.replace(/\bv[01]a?\b/, random.pick(["v0", "v1", "v1a", "v2", "V1", ""])),
    ),
    each("another prefix", (value, random) =>
      value.replace(/^[a-z0-9]+=/, random.pick(["", "sha1=", "sha256=", "v0=", "SHA256="])),
    ),
    each("another time", (value, random) =>
      value.replace(/\d{10}/, (digits) => String(Number(digits) + random.below(800) - 400)),
    ),
    each("a digit before a time", (value) => value.replace(/\d{10}/, "0$&")),
    each("an empty signature", (value) => value.replace(/[A-Za-z0-9+/=_-]{27,}/, "")),
    each("nothing but zeros", (value) => value.replace(/[A-Za-z0-9+/_-]{27,}/, (text) => "0".repeat(text.length))),
    each("another algorithm", (value, random) =>
      withTokenHeader(value, { alg: random.pick(["none", "HS256", "RS256", "ES256", "ES384"]) }),
    ),
    each("another key's name", (value, random) =>
      withTokenHeader(value, { kid: random.pick(["key-2", "../../x", "", "k".repeat(99)]) }),
    ),
    each("other claims", (value) => withTokenClaims(value)),
  ];
}

function urlMutations(): readonly Mutation[] {
  const one = (name: string, change: (url: string, random: Random, other: string) => string): Mutation => ({
    name,
    change: ({ url }, random, other) => ({ url: change(url, random, other.url) }),
  });
  return [
    one("a character of the URL", flippedText),
    one("http or https", (url) =>
      url.startsWith("https") ? url.replace("https", "http") : url.replace("http", "https"),
    ),
    one("a port", (url, random) =>
      url.replace(/^(https?:\/\/[^/?:@]+)/, `$1:${random.pick(["443", "80", "8443", ""])}`),
    ),
    one("a slash", (url) => (url.includes("?") ? url.replace("?", "/?") : `${url}/`)),
    one(
      "a parameter more",
      (url, random) =>
        `${url}${url.includes("?") ? "&" : "?"}${random.pick(["a=1", "hmac=00", "timestamp=1", "hash=", "bodySHA256=00", ""])}`,
    ),
    one("parameters the other way", (url) =>
      url.replace(/\?(.*)$/s, (_, query: string) => `?${query.split("&").toReversed().join("&")}`),
    ),
    one("no query", (url) => url.replace(/\?.*$/s, "")),
    one("escapes", (url) => url.replace("%20", "+").replace("_", "%5F")),
    one("an escape that is none", (url) => `${url}%zz%ff`),
    one("another URL", (_url, _random, other) => other),
    one("random text for a URL", (_url, random) => random.text(60)),
    one("a fragment", (url) => `${url}#x`),
    one("credentials", (url) => url.replace("://", "://u:p@")),
  ];
}

function settingMutations(): readonly Mutation[] {
  return [
    { name: "another method", change: (_post, random) => ({ method: random.pick(["GET", "PUT", "post", ""]) }) },
    { name: "no secret", change: () => ({ secrets: [] }) },
    { name: "an empty secret", change: () => ({ secrets: [""] }) },
    { name: "an empty secret too", change: ({ secrets }) => ({ secrets: ["", ...secrets] }) },
    { name: "another secret", change: (_post, _random, other) => ({ secrets: other.secrets }) },
    { name: "a rotation", change: ({ secrets }, _random, other) => ({ secrets: [...other.secrets, ...secrets] }) },
    { name: "a secret cut", change: ({ secrets }) => ({ secrets: secrets.map((secret) => secret.slice(1)) }) },
    { name: "a secret longer", change: ({ secrets }) => ({ secrets: secrets.map((secret) => `${secret}x`) }) },
    {
      name: "a newline after a secret",
      change: ({ secrets }) => ({ secrets: secrets.map((secret) => `${secret}\n`) }),
    },
    { name: "no key", change: () => ({ key: null }) },
    { name: "another key", change: (_post, _random, other) => ({ key: other.key }) },
    {
      name: "a key cut",
      change: ({ key }, random) => ({ key: key === null ? null : key.slice(0, random.below(key.length)) }),
    },
    {
      name: "another time here",
      change: ({ nowMs }, random) => ({
        nowMs:
          nowMs +
          random.pick([-1, 1]) * random.pick([1, 1_000, 90_000, 299_000, 300_000, 301_000, 3_600_000, 86_400_001]),
      }),
    },
  ];
}

function flipped(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length);
  return bytes.map((byte, index) => (index === at ? byte ^ (1 << random.below(8)) : byte));
}

function flippedText(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  return text.slice(0, at) + random.pick(["a", "A", "0", "+", "/", "=", ".", ",", "&", " "]) + text.slice(at + 1);
}

function joined(left: Uint8Array, right: ArrayLike<number>): Uint8Array {
  return Uint8Array.from([...left, ...Array.from(right)]);
}

function reserialised(body: Uint8Array): Uint8Array {
  const value = jsonIn(body);
  return value === undefined ? body : new TextEncoder().encode(JSON.stringify(value, null, 1));
}

function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function withTokenHeader(value: string, over: Readonly<Record<string, string>>): string {
  return value.replace(/eyJ[\w-]+/, (part) => {
    const header = jsonIn(Buffer.from(part, "base64url"));
    return Buffer.from(JSON.stringify({ ...(typeof header === "object" ? header : {}), ...over })).toString(
      "base64url",
    );
  });
}

function withTokenClaims(value: string): string {
  const [header = "", claims = "", ...rest] = value.split(".");
  if (!claims.startsWith("eyJ")) return value;
  return [
    header,
    Buffer.from(`{"x":1,${Buffer.from(claims, "base64url").toString("utf8").slice(1)}`).toString("base64url"),
    ...rest,
  ].join(".");
}
