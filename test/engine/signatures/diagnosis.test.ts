import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { diagnose } from "../../../lib/engine/signatures/diagnosis/diagnose.ts";
import { schemes } from "../../../lib/engine/signatures/diagnosis/schemes.ts";
import type { Subject } from "../../../lib/engine/signatures/diagnosis/subject.ts";
import { senders } from "./senders.ts";

const nowMs = Date.UTC(2026, 10, 20, 12);
const text = '{"id":"evt_1","path":"/a","items":[1,2],"name":"Zoë & co","ok":true}';
const bytes = (value: string) => new TextEncoder().encode(value);

/** What a partner signed, and then what became of it. */
function subjectOf(scheme: string, over: Partial<Subject> = {}, signed: string | Uint8Array = text): Subject {
  const sender = senders.find((one) => one.scheme === scheme);
  if (sender === undefined) throw new Error(scheme);
  return {
    ...sender.send(typeof signed === "string" ? bytes(signed) : signed, nowMs, sender.secret),
    method: "POST",
    secrets: [sender.secret],
    nowMs,
    key: sender.key ?? null,
    parameters: sender.parameters ?? {},
    ...over,
  };
}

function causesOf(scheme: string, subject: Subject): readonly string[] {
  const entry = schemes.get(scheme);
  if (entry === undefined) throw new Error(scheme);
  const { verdict, findings } = diagnose(entry, subject);
  expect(verdict.ok).toBe(false);
  return findings.map((finding) => finding.cause);
}

const secretOf = (scheme: string) => subjectOf(scheme).secrets[0] ?? "";

test("what holds has no findings", () => {
  for (const { scheme } of senders) {
    const entry = schemes.get(scheme);
    if (entry === undefined) throw new Error(scheme);
    expect(diagnose(entry, subjectOf(scheme))).toEqual({ verdict: { ok: true }, findings: [] });
  }
});

describe("a body that changed on its way", () => {
  const value: unknown = JSON.parse(text);
  const python = '{"id": "evt_1", "path": "/a", "items": [1, 2], "name": "Zo\\u00eb & co", "ok": true}';

  test.each([
    ["indented by two", JSON.stringify(value, null, 2), text, "body-reserialised"],
    ["indented by tabs", JSON.stringify(value, null, "\t"), text, "body-reserialised"],
    ["as Python writes it", python, text, "body-reserialised"],
    ["with slashes escaped", text.replaceAll("/", "\\/"), text, "body-reserialised"],
    ["with its keys in another order", '{"a":1,"b":{"c":2,"d":3}}', '{"b":{"d":3,"c":2},"a":1}', "body-reserialised"],
    ["without its last newline", `${text}\n`, text, "body-trailing-newline"],
    ["with a newline more", text, `${text}\n`, "body-trailing-newline"],
    ["with other line ends", '{\r\n"a":1\r\n}', '{\n"a":1\n}', "body-line-ends"],
    ["without its byte order mark", `\uFEFF${text}`, text, "body-byte-order-mark"],
    ["in base64", "plain text, no JSON", Buffer.from("plain text, no JSON").toString("base64"), "body-base64"],
    ["taken out of its form", new URLSearchParams([["payload", text]]).toString(), text, "body-form"],
    ["written as JSON twice", text, JSON.stringify(text), "body-quoted"],
    ["that was empty when it was signed", "", text, "body-missing"],
  ])("%s", (_name, signed, received, cause) => {
    expect(causesOf("github-sha256", subjectOf("github-sha256", { rawBody: bytes(received) }, signed))).toEqual([
      cause,
    ]);
  });

  test("in another charset, both ways", () => {
    const latin1 = Buffer.from("Zoë, not JSON", "latin1");
    expect(causesOf("xero", subjectOf("xero", { rawBody: bytes("Zoë, not JSON") }, latin1))).toEqual(["body-charset"]);
    expect(causesOf("xero", subjectOf("xero", { rawBody: latin1 }, "Zoë, not JSON"))).toEqual(["body-charset"]);
  });

  test("is found in a token's digest as well", () => {
    const subject = subjectOf("plaid-es256", { rawBody: bytes(text) }, JSON.stringify(value, null, 2));
    expect(causesOf("plaid-es256", subject)).toEqual(["body-reserialised"]);
  });
});

describe("a secret of another form", () => {
  const key = Buffer.from("an invented key of thirty bytes");
  const signedWith = (secret: string | Uint8Array) => ({
    "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(text).digest("hex")}`,
  });

  test.each([
    ["a newline after it", "secret", "secret\n", "secret-whitespace"],
    ["quotes around it", "secret", '"secret"', "secret-quoted"],
    ["base64 of the key", key, key.toString("base64"), "secret-base64"],
    ["hex of the key", key, key.toString("hex"), "secret-hex"],
    ["whsec_ and base64 of the key", key, `whsec_${key.toString("base64")}`, "secret-prefix"],
    ["whsec_ and the key as text", "secret", "whsec_secret", "secret-prefix"],
    ["without whsec_, which is part of it", "whsec_secret", "secret", "secret-prefix"],
    ["percent-encoded", "a secret", "a%20secret", "secret-escaped"],
    ["in lower case", "SECRET-ABC", "secret-abc", "secret-case"],
  ])("%s", (_name, used, configured, cause) => {
    const subject = subjectOf("github-sha256", { secrets: [configured], headers: signedWith(used) });
    expect(causesOf("github-sha256", subject)).toEqual([cause]);
  });

  test("Stripe's way for Standard Webhooks, and the other way round", () => {
    const secret = secretOf("standard-webhooks-v1");
    const standard = subjectOf("standard-webhooks-v1");
    const signature = createHmac("sha256", secret)
      .update(`msg_1.${nowMs / 1000}.${text}`)
      .digest("base64");
    const headers = { ...standard.headers, "webhook-signature": `v1,${signature}` };
    expect(causesOf("standard-webhooks-v1", { ...standard, headers })).toEqual(["secret-base64"]);
    const inner = createHmac("sha256", Buffer.from(secret.slice(6), "base64"));
    const stripe = `t=${nowMs / 1000},v1=${inner.update(`${nowMs / 1000}.${text}`).digest("hex")}`;
    const subject = subjectOf("stripe-v1", { secrets: [secret], headers: { "stripe-signature": stripe } });
    expect(causesOf("stripe-v1", subject)).toEqual(["secret-prefix"]);
  });

  test("that is none for the scheme is said so", () => {
    const subject = subjectOf("standard-webhooks-v1", { secrets: ["not base64!"] });
    expect(causesOf("standard-webhooks-v1", subject)).toEqual(["secret-form", "unexplained"]);
  });

  test("of a token in a header is found too", () => {
    const subject = subjectOf("token-equality", { secrets: [`${secretOf("token-equality")}\n`] });
    expect(causesOf("token-equality", subject)).toEqual(["secret-whitespace"]);
  });
});

describe("another URL", () => {
  const url = subjectOf("square-hmacsha256").url;

  test.each([
    ["http for https", url.replace("https", "http"), "url-scheme"],
    ["a port that was not signed", url.replace(".com", ".com:8443"), "url-port"],
    ["a query in another order", url.replace("b=2&a=one%20two", "a=one%20two&b=2"), "url-query-order"],
    ["a query decoded", url.replace("%20", "+"), "url-encoding"],
    ["upper case in the host", url.replace("hooks", "HOOKS"), "url-host"],
    ["a fragment", `${url}#x`, "url-fragment"],
    ["a slash more", url.replace("?", "/?"), "url-trailing-slash"],
  ])("%s", (_name, received, cause) => {
    expect(causesOf("square-hmacsha256", subjectOf("square-hmacsha256", { url: received }))).toEqual([cause]);
  });

  test("a slash that is missing, a port that was signed, a query that was not, a path alone", () => {
    const signed = (registered: string) => ({
      "x-square-hmacsha256-signature": createHmac("sha256", secretOf("square-hmacsha256"))
        .update(registered + text)
        .digest("base64"),
    });
    const causes = (registered: string, received: string) =>
      causesOf("square-hmacsha256", subjectOf("square-hmacsha256", { url: received, headers: signed(registered) }));
    expect(causes("https://x.example/hook/", "https://x.example/hook")).toEqual(["url-trailing-slash"]);
    expect(causes("https://x.example:443/hook", "https://x.example/hook")).toEqual(["url-port"]);
    expect(causes("https://x.example/hook", "https://x.example/hook?a=1")).toEqual(["url-query"]);
    expect(causes("/hook", "https://x.example/hook")).toEqual(["url-path-only"]);
  });
});

describe("another way to sign or to write it", () => {
  const digest = (algorithm: string, encoding: "hex" | "base64" | "base64url") =>
    createHmac(algorithm, secretOf("xero")).update(text).digest(encoding);
  const xero = (signature: string) =>
    causesOf("xero", subjectOf("xero", { headers: { "x-xero-signature": signature } }));
  const github = (signature: string) =>
    causesOf(
      "github-sha256",
      subjectOf("github-sha256", { headers: { "x-hub-signature-256": `sha256=${signature}` } }),
    );

  test("hex for base64, and base64 for hex", () => {
    expect(xero(digest("sha256", "hex"))).toEqual(["encoding-hex"]);
    expect(xero(digest("sha256", "hex").toUpperCase())).toEqual(["encoding-hex"]);
    expect(github(digest("sha256", "base64"))).toEqual(["encoding-base64"]);
    expect(github(digest("sha256", "hex").toUpperCase())).toEqual(["encoding-case"]);
  });

  test("base64url, escapes, and a plus that became a space", () => {
    const awkward = Array.from({ length: 200 }, (_, index) => `${text}${index}`).find((body) =>
      /\+/.test(createHmac("sha256", secretOf("xero")).update(body).digest("base64")),
    );
    if (awkward === undefined) throw new Error("no signature with a plus in two hundred");
    const signature = createHmac("sha256", secretOf("xero")).update(awkward).digest("base64");
    const causes = (sent: string) =>
      causesOf("xero", subjectOf("xero", { rawBody: bytes(awkward), headers: { "x-xero-signature": sent } }));
    expect(causes(signature.replaceAll("+", " "))).toEqual(["header-plus-as-space"]);
    expect(causes(encodeURIComponent(signature))).toEqual(["header-escaped"]);
    expect(causes(signature.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""))).toEqual([
      "encoding-base64url",
    ]);
    expect(causes(`"${signature}"`)).toEqual(["header-whitespace"]);
  });

  test("another algorithm, a plain digest, or both at once with another encoding", () => {
    expect(xero(digest("sha1", "base64"))).toEqual(["wrong-algorithm"]);
    expect(xero(digest("sha512", "base64"))).toEqual(["wrong-algorithm"]);
    expect(
      github(
        createHash("sha256")
          .update(secretOf("github-sha256") + text)
          .digest("hex"),
      ),
    ).toEqual(["wrong-algorithm"]);
  });

  test("the body alone where more is signed", () => {
    const signature = createHmac("sha256", secretOf("slack-v0")).update(text).digest("hex");
    const headers = { ...subjectOf("slack-v0").headers, "x-slack-signature": `v0=${signature}` };
    expect(causesOf("slack-v0", subjectOf("slack-v0", { headers }))).toEqual(["text-body-alone"]);
  });
});

describe("two differences at once", () => {
  test("are both named", () => {
    const secrets = [`${secretOf("square-hmacsha256")}\n`];
    const rawBody = bytes(JSON.stringify(JSON.parse(text), null, 2));
    expect(causesOf("square-hmacsha256", subjectOf("square-hmacsha256", { secrets, rawBody }))).toEqual([
      "secret-whitespace",
      "body-reserialised",
    ]);
  });

  test("an old signature of a body that was written again is still found", () => {
    const subject = subjectOf("slack-v0", { rawBody: bytes(`${text}\n`), nowMs: nowMs + 86_400_000 });
    expect(causesOf("slack-v0", subject)).toEqual(["body-trailing-newline"]);
  });
});

describe("a request that says itself what is wrong", () => {
  const wordsOf = (scheme: string, subject: Subject) => {
    const entry = schemes.get(scheme);
    if (entry === undefined) throw new Error(scheme);
    return diagnose(entry, subject).findings.map(({ cause, words }) => `${cause}: ${words}`);
  };

  test("its age, past or future, by how much", () => {
    const late = wordsOf("stripe-v1", subjectOf("stripe-v1", { nowMs: nowMs + 301_000 }));
    expect(late).toEqual([expect.stringMatching(/^stale: .* 301 s ago; 300 s are allowed/)]);
    const early = wordsOf("plaid-es256", subjectOf("plaid-es256", { nowMs: nowMs - 600_000 }));
    expect(early).toEqual([expect.stringMatching(/^future: .* 600 s in the future/)]);
  });

  test("missing headers, with what is there instead", () => {
    const older = subjectOf("github-sha256", { headers: { "x-hub-signature": "sha1=00" } });
    expect(causesOf("github-sha256", older)).toEqual(["header-missing", "header-lookalike"]);
    const stripe = subjectOf("github-sha256", { headers: subjectOf("stripe-v1").headers });
    const words = wordsOf("github-sha256", stripe).join("\n");
    expect(words).toContain("lacks x-hub-signature-256");
    expect(words).toContain("another scheme: Stripe");
  });

  test("prefixes, units and quotes", () => {
    const { headers } = subjectOf("slack-v0");
    const signature = headers["x-slack-signature"] ?? "";
    const slack = (over: Readonly<Record<string, string>>) =>
      causesOf("slack-v0", subjectOf("slack-v0", { headers: { ...headers, ...over } }));
    expect(slack({ "x-slack-signature": signature.slice(3) })).toEqual(["header-prefix"]);
    expect(slack({ "x-slack-request-timestamp": String(nowMs) })).toEqual(["timestamp-unit"]);
    expect(slack({ "x-slack-request-timestamp": "2026-11-20T12:00:00Z" })).toEqual(["timestamp-unit"]);
    expect(slack({ "x-slack-request-timestamp": "soon" })).toEqual(["header-form"]);
    expect(slack({ "x-slack-signature": `"${signature}"` })).toEqual(["header-prefix", "header-whitespace"]);
  });

  test("algorithms, keys and claims", () => {
    const none = `${Buffer.from('{"alg":"none","kid":"k"}').toString("base64url")}.e30.`;
    const forged = subjectOf("plaid-es256", { headers: { "plaid-verification": none } });
    expect(wordsOf("plaid-es256", forged)).toEqual([expect.stringMatching(/^wrong-algorithm: .*\(none\)/)]);
    expect(causesOf("plaid-es256", subjectOf("plaid-es256", { key: null }))).toEqual(["key-missing"]);
    expect(causesOf("plaid-es256", subjectOf("plaid-es256", { key: '{"kid":"key-2"}' }))).toEqual(["key-untrusted"]);
    const elsewhere = subjectOf("google-pub-sub", { secrets: ["push@project.example https://other.example"] });
    expect(causesOf("google-pub-sub", elsewhere)).toEqual(["token-claims"]);
    const v2 = subjectOf("hubspot-v1", { headers: subjectOf("hubspot-v2").headers });
    expect(wordsOf("hubspot-v1", v2)).toEqual([expect.stringMatching(/^wrong-algorithm: The header says v2/)]);
  });

  test("nothing usual explains another secret", () => {
    expect(causesOf("xero", subjectOf("xero", { secrets: ["quite another secret"] }))).toEqual(["unexplained"]);
  });
});

test("no finding holds a secret, a signature or the body", () => {
  for (const { scheme, other } of senders) {
    const subject = subjectOf(scheme, { secrets: [other], rawBody: bytes(`${text}!`) });
    const entry = schemes.get(scheme);
    if (entry === undefined) throw new Error(scheme);
    const said = JSON.stringify(diagnose(entry, subject));
    for (const hidden of [other, "Zoë", ...Object.values(subject.headers)].filter((word) => word.length > 3))
      expect(said).not.toContain(hidden);
  }
});
