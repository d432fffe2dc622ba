import { escaped, ordered, pairsOf, queryOf, single } from "./form.ts";
import { judgeCertificate, judgeOwnToken, judgePlaid, judgePubSub, judgeV1a } from "./key-judges.ts";
import type { Post } from "./post.ts";
import { fromBase64, webBase64, webHash, webHex, webHmac } from "./web-crypto.ts";
import type { Chunk, Hash } from "./web-crypto.ts";

/** Whether a post is rightly signed, judged from the fact sheets by another route: Web Cryptography, and parsers by hand. */
export type Judge = (post: Post) => Promise<boolean>;

interface Claim {
  /** The signatures that were sent. */
  readonly sent: readonly string[];
  readonly chunks: readonly (readonly Chunk[])[];
  /** When it was signed, in milliseconds; not looked at where there is no window. */
  readonly atMs?: number;
}

interface Sheet {
  readonly write: (bytes: Uint8Array) => string;
  readonly hash?: Hash;
  readonly windowMs?: number;
  /** The key in a secret; null for none. */
  readonly key?: (secret: string) => Chunk | null | Promise<Chunk>;
  readonly digest?: "plain";
  readonly claim: (post: Post) => Claim | null | Promise<Claim | null>;
}

function judgeBy(sheet: Sheet): Judge {
  return async (post) => {
    const claim = await sheet.claim(post);
    if (claim === null) return false;
    const { windowMs } = sheet;
    if (windowMs !== undefined && !(Math.abs(post.nowMs - (claim.atMs ?? Number.NaN)) <= windowMs)) return false;
    for (const secret of post.secrets) {
      const key = secret === "" ? null : await (sheet.key ?? ((text) => text))(secret);
      if (key === null || key.length === 0) continue;
      for (const chunks of claim.chunks) {
        const bytes =
          sheet.digest === "plain"
            ? await webHash([key, ...chunks])
            : await webHmac(sheet.hash ?? "SHA-256", key, chunks);
        const right = sheet.write(bytes);
        if (claim.sent.some((text) => text === right)) return true;
      }
    }
    return false;
  };
}

const secondsIn = (text: string): number => (/^[0-9]{1,12}$/.test(text) ? Number(text) * 1000 : Number.NaN);

function bodySheet(header: string, write: Sheet["write"], prefix = ""): Judge {
  return judgeBy({
    write,
    claim: ({ headers, rawBody }) => {
      const value = headers[header] ?? "";
      return value.startsWith(prefix) ? { sent: [value.substring(prefix.length)], chunks: [[rawBody]] } : null;
    },
  });
}

const standard = judgeBy({
  write: webBase64,
  windowMs: 300_000,
  key(secret) {
    const bytes = fromBase64(secret.replace(/^whsec_/, ""));
    return bytes === null || bytes.length < 16 ? null : bytes;
  },
  claim({ headers, rawBody }) {
    const family = headers["svix-signature"] === undefined ? "webhook" : "svix";
    const [id, time, signature] = ["id", "timestamp", "signature"].map((name) => headers[`${family}-${name}`] ?? "");
    if (!id || !time || !signature) return null;
    const sent = signature.split(" ").flatMap((item) => (item.slice(0, 3) === "v1," ? [item.slice(3)] : []));
    return { sent, chunks: [[id, ".", time, ".", rawBody]], atMs: secondsIn(time) };
  },
});

const stripe = judgeBy({
  write: webHex,
  windowMs: 300_000,
  claim({ headers, rawBody }) {
    const items = (headers["stripe-signature"] ?? "").split(",");
    const times = items.filter((item) => item.startsWith("t="));
    const time = times.length === 1 ? (times[0] ?? "").substring(2) : "";
    const sent = items.filter((item) => item.startsWith("v1=")).map((item) => item.substring(3));
    return { sent, chunks: [[time, ".", rawBody]], atMs: secondsIn(time) };
  },
});

const slack = judgeBy({
  write: (bytes) => `v0=${webHex(bytes)}`,
  windowMs: 300_000,
  claim({ headers, rawBody }) {
    const time = headers["x-slack-request-timestamp"] ?? "";
    return { sent: [headers["x-slack-signature"] ?? ""], chunks: [["v0:", time, ":", rawBody]], atMs: secondsIn(time) };
  },
});

const square = judgeBy({
  write: webBase64,
  claim: ({ headers, url, rawBody }) => ({
    sent: [headers["x-square-hmacsha256-signature"] ?? ""],
    chunks: [[url, rawBody]],
  }),
});

const zendesk = judgeBy({
  write: webBase64,
  claim({ headers, rawBody }) {
    const time = headers["x-zendesk-webhook-signature-timestamp"] ?? "";
    return time === "" ? null : { sent: [headers["x-zendesk-webhook-signature"] ?? ""], chunks: [[time, rawBody]] };
  },
});

function hubspotPlain(version: "v1" | "v2"): Judge {
  return judgeBy({
    write: webHex,
    digest: "plain",
    claim({ headers, method, url, rawBody }) {
      const named = headers["x-hubspot-signature-version"] ?? "v1";
      const chunks = version === "v1" ? [rawBody] : [method, url, rawBody];
      return named === version ? { sent: [headers["x-hubspot-signature"] ?? ""], chunks: [chunks] } : null;
    },
  });
}

/** The escapes of HubSpot's table, and what they stand for. */
const hubspotTable: Readonly<Record<string, string>> = {
  "3a": ":",
  "2f": "/",
  "3f": "?",
  "40": "@",
  "21": "!",
  "24": "$",
  "27": "'",
  "28": "(",
  "29": ")",
  "2a": "*",
  "2c": ",",
  "3b": ";",
};

const hubspot3 = judgeBy({
  write: webBase64,
  windowMs: 300_000,
  claim({ headers, method, url, rawBody }) {
    const time = headers["x-hubspot-request-timestamp"] ?? "";
    const [first = "", ...rest] = url.split("%");
    const uri = rest.reduce((text, part) => {
      const plain = hubspotTable[part.slice(0, 2).toLowerCase()];
      return text + (plain === undefined ? `%${part}` : plain + part.slice(2));
    }, first);
    return {
      sent: [headers["x-hubspot-signature-v3"] ?? ""],
      chunks: [[method, uri, rawBody, time]],
      atMs: /^[0-9]{1,15}$/.test(time) ? Number(time) : Number.NaN,
    };
  },
});

function shopifyQuery(name: "hmac" | "signature"): Judge {
  return judgeBy({
    write: webHex,
    windowMs: 90_000,
    claim({ url }) {
      const pairs = pairsOf(queryOf(url));
      const [sent, time] = [single(pairs, name), single(pairs, "timestamp")];
      if (sent === null || time === null) return null;
      const signed = pairs.filter((pair) => pair[0] !== name && !(name === "hmac" && pair[0] === "signature"));
      const names = ordered(new Set(signed.map((pair) => pair[0])));
      const valuesOf = (one: string) => signed.filter((pair) => pair[0] === one).map((pair) => pair[1]);
      const text =
        name === "hmac"
          ? names.flatMap((one) => valuesOf(one).map((value) => `${escaped(one)}=${escaped(value)}`)).join("&")
          : ordered(names.map((one) => `${one}=${valuesOf(one).join(",")}`)).join("");
      return { sent: [sent], chunks: [[text]], atMs: secondsIn(time) };
    },
  });
}

function twilioForms(url: string): readonly string[] {
  const [whole = ""] = url.split("#");
  const start = whole.indexOf("://");
  const end = [...whole.matchAll(/[/?]/g)].map((match) => match.index).find((at) => at > start + 2) ?? whole.length;
  const scheme = whole.slice(0, start).toLowerCase();
  const authority = whole.slice(start + 3, end);
  const forms = [whole];
  const host = authority.replace(/(?<=[^@]):\d{1,5}$/, "");
  if ((scheme === "http" || scheme === "https") && host !== "") {
    const usual = host === authority ? `:${scheme === "https" ? "443" : "80"}` : "";
    forms.push(`${whole.slice(0, start)}://${host}${usual}${whole.slice(end)}`);
  }
  const anew = (form: string) => {
    const query = pairsOf(queryOf(form)).map(
      ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
    );
    return form.includes("?") ? `${form.slice(0, form.indexOf("?"))}?${query.join("&")}` : form;
  };
  return [...forms, ...forms.map(anew)];
}

const twilioForm = judgeBy({
  write: webBase64,
  hash: "SHA-1",
  claim({ headers, url, rawBody }) {
    const pairs = pairsOf(new TextDecoder("utf-8", { ignoreBOM: true }).decode(rawBody));
    const text = ordered(new Set(pairs.map((pair) => pair[0])))
      .flatMap((name) => {
        const values = new Set(pairs.filter((pair) => pair[0] === name).map((pair) => pair[1]));
        return ordered(values).map((value) => name + value);
      })
      .join("");
    return { sent: [headers["x-twilio-signature"] ?? ""], chunks: twilioForms(url).map((form) => [form, text]) };
  },
});

const twilioBody = judgeBy({
  write: webBase64,
  hash: "SHA-1",
  async claim({ headers, url, rawBody }) {
    const digest = single(pairsOf(queryOf(url)), "bodySHA256");
    if (digest?.toLowerCase() !== webHex(await webHash([rawBody]))) return null;
    return { sent: [headers["x-twilio-signature"] ?? ""], chunks: twilioForms(url).map((form) => [form]) };
  },
});

const telegram: Judge = (post) => {
  const isApp = post.rawBody.length > 0;
  return judgeBy({
    write: webHex,
    windowMs: 86_400_000,
    key: (token) => (isApp ? webHmac("SHA-256", "WebAppData", [token]) : webHash([token])),
    claim({ rawBody, url }) {
      const pairs = pairsOf(isApp ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(rawBody) : queryOf(url));
      const [sent, time] = [single(pairs, "hash"), single(pairs, "auth_date")];
      if (sent === null || time === null || new Set(pairs.map((pair) => pair[0])).size < pairs.length) return null;
      const lines = pairs.filter((pair) => pair[0] !== "hash").map((pair) => pair.join("="));
      return { sent: [sent], chunks: [[ordered(lines).join("\n")]], atMs: secondsIn(time) };
    },
  })(post);
};

/** A plain word that has to be one of the secrets. */
function wordJudge(wordOf: (post: Post) => string | null, isSecret: (secret: string) => boolean): Judge {
  return (post) => {
    const word = wordOf(post);
    return Promise.resolve(post.secrets.some((secret) => isSecret(secret) && secret === word));
  };
}

const isWord = (secret: string): boolean => secret !== "";

const basic = wordJudge(
  ({ headers }) => {
    const [, text = ""] = /^basic +([^ ]+)$/i.exec(headers["authorization"] ?? "") ?? [];
    const bytes = fromBase64(text);
    return bytes === null || webBase64(bytes) !== text
      ? null
      : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  },
  (secret) => secret.indexOf(":") > 0 && !secret.endsWith(":"),
);

const path = wordJudge(
  ({ url }) => {
    const before = url.split(/[?#]/)[0] ?? "";
    const whole = /^https?:\/\//i.test(before) ? before.slice(before.indexOf("//") + 2) : before;
    const isPath = whole === before ? whole.startsWith("/") : whole.includes("/");
    return isPath ? whole.slice(whole.lastIndexOf("/") + 1) : null;
  },
  (secret) => secret.length >= 24,
);

export const judges: Readonly<Record<string, Judge>> = {
  "standard-webhooks-v1": standard,
  "standard-webhooks-v1a-ed25519": judgeV1a,
  "stripe-v1": stripe,
  "slack-v0": slack,
  "square-hmacsha256": square,
  zendesk,
  "hubspot-v1": hubspotPlain("v1"),
  "hubspot-v2": hubspotPlain("v2"),
  "hubspot-v3": hubspot3,
  "github-sha256": bodySheet("x-hub-signature-256", webHex, "sha256="),
  distru: bodySheet("x-distru-signature", webHex, "sha256="),
  xero: bodySheet("x-xero-signature", webBase64),
  quickbooks: bodySheet("intuit-signature", webBase64),
  leaflink: bodySheet("ll-signature", webBase64),
  "shopify-webhook": (post) =>
    bodySheet(
      "x-shopify-hmac-sha256" in post.headers ? "x-shopify-hmac-sha256" : "shopify-hmac-sha256",
      webBase64,
    )(post),
  "shopify-oauth-hmac": shopifyQuery("hmac"),
  "shopify-app-proxy": shopifyQuery("signature"),
  "twilio-form": twilioForm,
  "twilio-body-sha256": twilioBody,
  "telegram-login": telegram,
  "token-equality": wordJudge(({ headers, parameters }) => headers[parameters["header"] ?? ""] ?? null, isWord),
  "google-channel-token": wordJudge(({ headers }) => headers["x-goog-channel-token"] ?? null, isWord),
  basic,
  "secret-path": path,
  "plaid-es256": judgePlaid,
  "google-pub-sub": judgePubSub,
  "paypal-rsa": judgeCertificate,
  "own-token": judgeOwnToken,
};
